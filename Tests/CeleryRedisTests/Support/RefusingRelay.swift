//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import Foundation
import ServiceTestSupport
import Synchronization

/// A TCP relay on loopback in front of a server; while it refuses, it answers in the server's place, as one that cannot serve.
///
/// Whether it refuses is decided when a connection comes.
final class RefusingRelay: Sendable {
    /// What those who come are told meanwhile: an error line of Redis, without its first character.
    enum Refusal: Sendable {
        /// In answer to every command.
        case always(String)
        /// To every command but those by which a connection is set up.
        case afterHandshake(String)
        /// To the first command, and then the connection is closed.
        case once(String)
        /// Before anything is asked, and then the connection is closed.
        case unasked(String)
    }

    private struct State {
        var refusal: Refusal?
        /// Commands that were refused.
        var refused = 0
        /// Counts the cuts: connections of before are closed.
        var cuts = 0
    }

    private let target: Int
    private let acceptor: LoopbackAcceptor
    private let state = Mutex(State())

    /// - Parameter target: The port that it stands in front of.
    init(to target: Int) throws {
        self.target = target
        acceptor = try LoopbackAcceptor()
        acceptor.start { [self] in serve($0) }
    }

    /// Where clients connect to: `redis://127.0.0.1:port/0`.
    var url: String { "redis://127.0.0.1:\(acceptor.port)/0" }

    /// How many commands were refused so far.
    var refused: Int { state.withLock { $0.refused } }

    /// From now on it refuses whoever comes; open connections stay.
    func refuse(_ refusal: Refusal) { state.withLock { $0.refusal = refusal } }

    /// Ends ``refuse(_:)``: it passes on what those say who come from now on.
    func admit() { state.withLock { $0.refusal = nil } }

    /// Closes all connections, within moments.
    func cut() { state.withLock { $0.cuts += 1 } }

    /// Closes everything, within moments.
    func end() { acceptor.end() }

    /// Whether a connection of that time may stay.
    private func mayStay(_ cuts: Int) -> Bool { !acceptor.isEnded && state.withLock { $0.cuts == cuts } }

    private func serve(_ client: Int32) {
        let (refusal, cuts) = state.withLock { ($0.refusal, $0.cuts) }
        if let refusal { answer(client, refusal, cuts) } else { relay(client, cuts) }
    }

    /// Until either side closes.
    private func relay(_ client: Int32, _ cuts: Int) {
        guard let server = try? LoopbackSocket.connection(to: target) else { return }
        LoopbackSocket.setTimeouts(server, seconds: 5)
        defer { close(server) }
        while mayStay(cuts) {
            var waiting = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&waiting, 2, 20) > 0 else { continue }
            if waiting[0].revents != 0, !Self.pass(from: client, to: server) { return }
            if waiting[1].revents != 0, !Self.pass(from: server, to: client) { return }
        }
    }

    /// What there is to read; false when either side is gone.
    private static func pass(from source: Int32, to destination: Int32) -> Bool {
        let bytes = LoopbackSocket.read(from: source)
        return !bytes.isEmpty && LoopbackSocket.write(bytes[...], to: destination)
    }

    /// Until the client closes.
    private func answer(_ client: Int32, _ refusal: Refusal, _ cuts: Int) {
        var received: [UInt8] = []
        if case .unasked(let text) = refusal {
            state.withLock { $0.refused += 1 }
            _ = LoopbackSocket.write(Array("-\(text)\r\n".utf8)[...], to: client)
            // Only this way, for a reset would take away what is not read yet.
            shutdown(client, Int32(SHUT_WR))
        }
        while mayStay(cuts) {
            guard LoopbackAcceptor.isReadable(client) else { continue }
            let bytes = LoopbackSocket.read(from: client)
            if bytes.isEmpty { return }
            if case .unasked = refusal { continue }
            received += bytes
            while let name = Self.takeCommand(&received) {
                let line = Array((reply(to: name, refusal) + "\r\n").utf8)
                guard LoopbackSocket.write(line[...], to: client) else { return }
                if case .once = refusal { return }
            }
        }
    }

    private func reply(to name: String, _ refusal: Refusal) -> String {
        switch (refusal, name.uppercased()) {
        // As a server before 6, which is asked for nothing more than these.
        case (.afterHandshake, "HELLO"): return "-ERR unknown command 'HELLO'"
        case (.afterHandshake, "AUTH"), (.afterHandshake, "CLIENT"), (.afterHandshake, "SELECT"): return "+OK"
        case (.always(let text), _), (.afterHandshake(let text), _), (.once(let text), _), (.unasked(let text), _):
            state.withLock { $0.refused += 1 }
            return "-\(text)"
        }
    }

    /// Removes the first whole command, and returns its name; nil while there is none.
    private static func takeCommand(_ bytes: inout [UInt8]) -> String? {
        var at = 0
        guard let count = number(in: bytes, &at) else { return nil }
        var name = ""
        for index in 0..<count {
            guard let length = number(in: bytes, &at), at + length + 2 <= bytes.count else { return nil }
            if index == 0 { name = String(decoding: bytes[at..<(at + length)], as: UTF8.self) }
            at += length + 2
        }
        bytes.removeFirst(at)
        return name
    }

    /// The number of a line such as `*3`, and past it.
    private static func number(in bytes: [UInt8], _ at: inout Int) -> Int? {
        guard at < bytes.count, let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")), end > at + 1 else {
            return nil
        }
        let text = String(decoding: bytes[(at + 1)..<(end - 1)], as: UTF8.self)
        at = end + 1
        return Int(text)
    }
}
#endif

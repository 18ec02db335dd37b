//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// A connection without any client: bytes out, replies counted. The floor that a client is compared with.
public final class BareConnection {
    public struct Failure: Error {
        public var what: String

        public init(what: String) { self.what = what }
    }

    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)
    private var start = 0
    private var end = 0

    public init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Failure(what: "cannot connect to port \(port)")
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends commands and waits for so many replies.
    public func exchange(_ bytes: [UInt8], replies: Int) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, 0)
            }
            guard count > 0 else { throw Failure(what: "the server is gone") }
            sent += count
        }
        for _ in 0..<replies { _ = try reply() }
    }

    /// The text of one command's reply, for strings and numbers.
    public func ask(_ arguments: String...) throws -> String {
        try exchange(Self.command(arguments.map { Array($0.utf8) }), replies: 0)
        let bytes = try reply()
        return String(decoding: bytes, as: UTF8.self)
    }

    public static func command(_ arguments: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10] }
        return bytes
    }

    /// Skips one reply; returns the content of a string, the line of anything else.
    private func reply() throws -> ArraySlice<UInt8> {
        while true {
            if let next = skip(from: start) {
                let content = content(of: start..<next)
                start = next
                if start == end { (start, end) = (0, 0) }
                return content
            }
            if end == buffer.count {
                if start > 0 {
                    buffer.replaceSubrange(0..<end - start, with: Array(buffer[start..<end]))
                    (start, end) = (0, end - start)
                } else {
                    buffer += [UInt8](repeating: 0, count: buffer.count)
                }
            }
            let count = buffer.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress?.advanced(by: end), $0.count - end, 0)
            }
            guard count > 0 else { throw Failure(what: "the server is gone") }
            end += count
        }
    }

    private func content(of range: Range<Int>) -> ArraySlice<UInt8> {
        guard buffer[range.lowerBound] == UInt8(ascii: "$"), let line = lineEnd(from: range.lowerBound),
            line < range.upperBound
        else { return buffer[range.lowerBound + 1..<range.upperBound - 2] }
        return buffer[line..<range.upperBound - 2]
    }

    /// Where the reply at a place ends; nil when it is not all there.
    private func skip(from place: Int) -> Int? {
        guard let line = lineEnd(from: place) else { return nil }
        switch buffer[place] {
        case UInt8(ascii: "$"):
            let length = number(from: place + 1)
            guard length >= 0 else { return line }
            return line + length + 2 <= end ? line + length + 2 : nil
        case UInt8(ascii: "*"):
            var next = line
            for _ in 0..<max(0, number(from: place + 1)) {
                guard let after = skip(from: next) else { return nil }
                next = after
            }
            return next
        default: return line
        }
    }

    private func lineEnd(from place: Int) -> Int? {
        var index = place
        while index < end {
            if buffer[index] == 10 { return index + 1 }
            index += 1
        }
        return nil
    }

    private func number(from place: Int) -> Int {
        if buffer[place] == UInt8(ascii: "-") { return -1 }
        var (value, index) = (0, place)
        while buffer[index] != 13 {
            value = value * 10 + Int(buffer[index]) - 48
            index += 1
        }
        return value
    }
}

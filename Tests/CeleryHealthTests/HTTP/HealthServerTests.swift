//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryKit
import CeleryWorker
import Foundation
import ServiceTestSupport
import Synchronization
import Testing

@testable import CeleryHealth

/// The server over real sockets.
@Suite(.timeLimit(.minutes(2))) struct HealthServerTests {
    private static let pages = HealthPages(
        health: {
            let probe = WorkerHealth.Probe([])
            return WorkerHealth(startup: probe, readiness: probe, liveness: probe)
        },
        metrics: { String(repeating: "a 1\n", count: 50_000) }
    )

    private func withServer(
        idleTimeout: Duration = .seconds(30),
        _ body: (Int) async throws -> Void
    ) async throws {
        let server = try await HealthServer.bind(
            host: "127.0.0.1",
            port: 0,
            pages: Self.pages,
            idleTimeout: idleTimeout
        )
        do {
            try await body(server.port)
            await server.close()
        } catch {
            await server.close()
            throw error
        }
    }

    @Test func aLongPageComesWholeAndAHeadHasItsLengthOnly() async throws {
        try await withServer { (port: Int) async throws -> Void in
            let page = try HTTPProbe.request(port: port, "/metrics")
            #expect(page.status == 200)
            #expect(page.body.utf8.count == 200_000)
            #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let head = try HTTPProbe.request(port: port, "/metrics", method: "HEAD")
            #expect(head.status == 200 && head.body == "")
            #expect(head.headers["content-length"] == "200000")
            let post = try HTTPProbe.request(port: port, "/livez", method: "POST")
            #expect(post.status == 405 && post.headers["allow"] == "GET, HEAD")
        }
    }

    @Test func aConnectionServesManyRequestsAlsoWhenTheyComeAtOnce() async throws {
        try await withServer { (port: Int) async throws -> Void in
            let socket = try LoopbackSocket.connection(to: port)
            defer { close(socket) }
            LoopbackSocket.setTimeouts(socket, seconds: 10)
            let requests = String(repeating: "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", count: 3)
            for _ in 0..<2 {
                #expect(LoopbackSocket.write(ArraySlice(requests.utf8), to: socket))
                var text = ""
                while text.ranges(of: "ok\n").count < 3 {
                    let bytes = LoopbackSocket.read(from: socket)
                    try #require(!bytes.isEmpty, "\(text)")
                    text += String(decoding: bytes, as: UTF8.self)
                }
                #expect(text.ranges(of: "HTTP/1.1 200 OK").count == 3)
                #expect(
                    text.ranges(of: "connection: keep-alive").count + text.ranges(of: "Connection: keep-alive").count
                        == 3
                )
            }
        }
    }

    /// What is sent, and what the answer begins with; then the connection ends.
    @Test(
        arguments: [
            ("GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK"),
            ("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK"),
            ("nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (
                "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
                    + String(repeating: "x", count: 200_000), ""
            ),
        ]
    )
    func aConnectionEnds(request: String, answer: String) async throws {
        try await withServer { (port: Int) async throws -> Void in
            let socket = try LoopbackSocket.connection(to: port)
            defer { close(socket) }
            LoopbackSocket.setTimeouts(socket, seconds: 10)
            _ = LoopbackSocket.write(ArraySlice(request.utf8), to: socket)
            var text = ""
            while true {
                errno = 0
                let bytes = LoopbackSocket.read(from: socket)
                if bytes.isEmpty { break }
                text += String(decoding: bytes, as: UTF8.self)
            }
            #expect(errno != EAGAIN, "it was left open")
            #expect(text.hasPrefix(answer) && (answer != "" || text == ""), "\(text.prefix(200))")
        }
    }

    @Test func aSilentConnectionIsClosed() async throws {
        try await withServer(idleTimeout: .milliseconds(50)) { (port: Int) async throws -> Void in
            let socket = try LoopbackSocket.connection(to: port)
            defer { close(socket) }
            LoopbackSocket.setTimeouts(socket, seconds: 10)
            errno = 0
            #expect(LoopbackSocket.read(from: socket) == [])
            #expect(errno != EAGAIN, "it was left open")
        }
    }

    @Test func connectionsThatAreHeldOpenKeepNoProbeAway() async throws {
        try await withServer { (port: Int) async throws -> Void in
            var held: [Int32] = []
            defer { for socket in held { close(socket) } }
            for _ in 0..<(HealthServer.connectionLimit + 20) { held.append(try LoopbackSocket.connection(to: port)) }
            #expect(try HTTPProbe.request(port: port, "/livez").status == 200)
            LoopbackSocket.setTimeouts(held[0], seconds: 10)
            errno = 0
            #expect(LoopbackSocket.read(from: held[0]) == [])
            #expect(errno != EAGAIN, "the first was left open")
            // The one that came last is there yet.
            LoopbackSocket.setTimeouts(held[held.count - 1], seconds: 10)
            let request = ArraySlice("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            #expect(LoopbackSocket.write(request, to: held[held.count - 1]))
            let answer = String(decoding: LoopbackSocket.read(from: held[held.count - 1]), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test func anAddressThatCannotBeUsedIsSaidWithTheReason() async throws {
        try await withServer { (port: Int) async throws -> Void in
            let taken = await #expect(throws: CeleryError.self) {
                try await HealthConfiguration(host: "127.0.0.1", port: port).check()
            }
            let start = "health checks cannot be served at http://127.0.0.1:\(port): something else listens there"
            #expect(taken?.message.hasPrefix(start) == true, "\(taken?.message ?? "")")
        }
        for (host, reason) in [
            ("192.0.2.1", "this machine does not have that address"), ("no.such.host.invalid", "there is no such host"),
        ] {
            let error = await #expect(throws: CeleryError.self) {
                try await HealthConfiguration(host: host, port: 0).check()
            }
            #expect(error?.code == .misconfigured)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
        try await HealthConfiguration(host: "::1", port: 0).check()
    }

    @Test func theSocketIsNotInherited() async throws {
        try await withServer { (port: Int) async throws -> Void in
            let socket = try LoopbackSocket.connection(to: port)
            defer { close(socket) }
            #expect(try HTTPProbe.request(port: port, "/livez").status == 200)
            let descriptors = try Self.descriptors(on: port)
            // The one that listens, and the two ends of the connection.
            #expect(descriptors.count >= 3)
            for descriptor in descriptors { #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0) }
        }
    }

    /// This process's sockets with that port at one end.
    private static func descriptors(on port: Int) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
            .filter { Self.port($0, getsockname) == port || Self.port($0, getpeername) == port }
    }

    private static func port(
        _ descriptor: Int32,
        _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &size) }
        }
        return result == 0 && address.sin_family == sa_family_t(AF_INET)
            ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}
#endif

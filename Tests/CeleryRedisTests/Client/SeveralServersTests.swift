//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// Several URLs: each with its own password, and none that is silent takes the time of all.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct SeveralServersTests {
    private func configuration(_ url: String, _ options: CeleryObject = [:]) throws -> RedisConfiguration {
        try RedisConfiguration(testing: url, options)
    }

    @Test func `each URL has its own user, password and TLS`() throws {
        let configuration = try configuration(
            "redis://ann:one@a/0;rediss://:two@b/0?ssl_cert_reqs=none;redis+socket:///s?virtual_host=0",
            ["username": "all", "ssl_check_hostname": false]
        )
        guard case .fixed(let servers) = configuration.discovery else { throw ServiceError("sentinels") }
        #expect(servers.map(\.endpoint.description) == ["a:6379", "b:6379", "/s"])
        #expect(servers.map(\.access.user) == ["ann", "all", "all"])
        #expect(servers.map(\.access.password) == ["one", "two", nil])
        #expect(servers.map { $0.access.tls != nil } == [false, true, false])
        #expect(configuration.serverIdentity == "redis a:6379 as ann,b:6379 as all,/s as all")
    }

    @Test func `one of them by itself has its own password, and says nothing about which is asked first`() throws {
        let all = try configuration("redis://:one@a;redis://:two@b")
        all.memory.answered(1)
        let only = all.only(.host("b", port: 6379))
        guard case .fixed(let servers) = only.discovery else { throw ServiceError("sentinels") }
        #expect(servers.map(\.access.password) == ["two"])
        only.memory.answered(0)
        #expect(all.memory.order(3) == [1, 0, 2])
        let sentinels = try configuration("sentinel://:pw@s", ["master_name": "m"]).only(.host("b", port: 1))
        guard case .fixed(let found) = sentinels.discovery else { throw ServiceError("sentinels") }
        #expect(found.map(\.access.password) == ["pw"])
    }

    @Test func `one user everywhere is named once, and the default user not at all`() throws {
        #expect(try configuration("redis://u@a;redis://u@b").serverIdentity == "redis a:6379,b:6379 as u")
        #expect(try configuration("redis://:x@a;redis://:y@b").serverIdentity == "redis a:6379,b:6379")
    }

    @Test(arguments: [
        ("redis://a/1;redis://b/2", "databases 1 and 2"), ("redis://a/1;redis://b", "databases 1 and 0"),
        ("redis://a;amqp://b", "amqp://b is no URL of Redis"), ("redis://a;sentinel://b", "mixes"),
        ("sentinel://:x@a;sentinel://:y@b", "sentinel_kwargs"), ("sentinel://a/1;sentinel://b/2", "databases"),
    ])
    func `what cannot differ is refused`(_ url: String, _ part: String) throws {
        let error = #expect(throws: TransportError.self) { _ = try configuration(url, ["master_name": "m"]) }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test func `a sentinel may leave out what the first says`() throws {
        #expect(try configuration("sentinel://:x@a/3;sentinel://b", ["master_name": "m"]).database == 3)
    }

    @Test func `the second server is told its own password`() async throws {
        try await RedisServer.with(RedisServerOptions(password: "two")) { server in
            let gone = try LoopbackSocket.freePort()
            let place = try await RedisPlace("redis://:one@127.0.0.1:\(gone)/0;\(server.url())")
            try await place.publish(["a"])
            #expect(try await place.ready() == 1)
            await place.end()
        }
    }

    @Test func `a user without a password is that user`() async throws {
        try await RedisServer.with(RedisServerOptions(users: ["worker on nopass ~* &* +@all"])) { server in
            for hello in [true, false] {
                if !hello { try server.command("ACL", "SETUSER", "worker", "-hello") }
                let url = "redis://worker@127.0.0.1:\(server.port)/0"
                let configuration = try configuration(url)
                let client = RedisClient(configuration, logger: Logger(label: "test"))
                #expect(configuration.serverIdentity.hasSuffix(" as worker"))
                #expect(try await client.ask("ACL", "WHOAMI").string == "worker")
                client.shutdown()
            }
        }
    }

    @Test func `a sentinel that is taken for a server is told of as one`() async throws {
        try await RedisServer.with { server in
            let sentinel = try await LockedSentinel.start(watching: server, password: "pw")
            let place = try await RedisPlace("redis://:pw@127.0.0.1:\(sentinel.port)/0")
            let error = await #expect(throws: TransportError.self) { try await place.publish(["a"]) }
            #expect(error?.code == .misconfigured)
            #expect(error?.message.contains("is a sentinel: write sentinel://") == true, "\(error?.message ?? "")")
            await place.end()
            await sentinel.end()
        }
    }

    // MARK: - Those that do not answer

    /// In front of a server that is there, but from which nothing ever comes.
    private func silent(_ server: RedisServer) throws -> FaultProxy {
        let proxy = try FaultProxy(to: server.port)
        proxy.mode = .swallowing
        return proxy
    }

    /// A first client is answered in time, and a second one at once.
    private func expectAnswers(_ configuration: RedisConfiguration) async throws {
        for attempt in 0..<2 {
            let client = RedisClient(configuration, logger: Logger(label: "test"))
            let begun = ContinuousClock.now
            var commands = RedisCommands()
            commands.add("PING")
            _ = try await client.send(commands, timeout: .seconds(5))
            if attempt == 1 { #expect(ContinuousClock.now - begun < .seconds(1)) }
            client.shutdown()
        }
    }

    @Test func `two that are silent leave time for the third, which is the first the next time`() async throws {
        try await RedisServer.with { server in
            let (first, second) = (try silent(server), try silent(server))
            defer { for proxy in [first, second] { proxy.end() } }
            let places = [first.port, second.port, server.port].map { "redis://127.0.0.1:\($0)/0" }
            let configuration = try configuration(places.joined(separator: ";"))
            try await expectAnswers(configuration)
            #expect([first.accepted, second.accepted] == [1, 1])
        }
    }

    @Test func `a sentinel that is silent is passed over, and not asked first again`() async throws {
        try await RedisServer.with { server in
            let sentinel = try await LockedSentinel.start(watching: server, password: "pw")
            let (first, second) = (try silent(server), try silent(server))
            defer { for proxy in [first, second] { proxy.end() } }
            let places = [first.port, second.port, sentinel.port].map { "sentinel://127.0.0.1:\($0)" }
            let options: CeleryObject = [
                "master_name": .string(SentinelGroup.name), "sentinel_kwargs": ["password": "pw"],
            ]
            let configuration = try configuration(places.joined(separator: ";"), options)
            try await expectAnswers(configuration)
            #expect([first.accepted, second.accepted] == [1, 1])
            await sentinel.end()
        }
    }

    @Test func `a master that is silent is not waited for once more because another sentinel names it`() async throws {
        try await RedisServer.with { server in
            let proxy = try silent(server)
            defer { proxy.end() }
            let names = RefusingSentinels(proxy.port)
            let sentinels = try (0..<2).map { _ in try names.listen() }
            defer { for sentinel in sentinels { sentinel.end() } }
            let places = sentinels.map { "sentinel://127.0.0.1:\($0.port)" }
            let configuration = try configuration(places.joined(separator: ";"), ["master_name": "m"])
            let connector = RedisConnector(configuration: configuration, eventLoop: RedisLoops.next())
            let begun = ContinuousClock.now
            await #expect(throws: TransportError.self) { _ = try await connector.connect() }
            #expect(ContinuousClock.now - begun < .seconds(4), "the whole attempt has as much")
            #expect(proxy.accepted == 1)
        }
    }
}

/// Sentinels that name one port for ever.
private struct RefusingSentinels {
    let answer: [UInt8]

    init(_ port: Int) {
        let text = "\(port)"
        answer = Array("*2\r\n$9\r\n127.0.0.1\r\n$\(text.utf8.count)\r\n\(text)\r\n".utf8)
    }

    func listen() throws -> LoopbackAcceptor {
        let acceptor = try LoopbackAcceptor()
        acceptor.start { client in
            if !LoopbackSocket.read(from: client).isEmpty { _ = LoopbackSocket.write(answer[...], to: client) }
        }
        return acceptor
    }
}
#endif

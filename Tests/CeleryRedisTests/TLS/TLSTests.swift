//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// Connections by TLS to a real server, whose certificate is signed by an authority of the tests' own.
@Suite(
    .enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"),
    .enabled(if: TestCertificates.isAvailable, "\(TestCertificates.absence)"),
    .enabled(if: RedisServer.speaksTLS, "\(RedisServer.speaksNoTLS)"),
    .timeLimit(.minutes(2))
)
struct TLSTests {
    /// Sends, receives, stores and reads.
    private func use(_ url: String, options: CeleryObject = [:]) async throws {
        let place = try await RedisPlace(url, options: options)
        try await place.publish(["a"])
        let consumer = try await place.consumer()
        let found = try await consumer.receive(upTo: 1)
        #expect(found.map(\.id) == ["a"])
        try await consumer.settle(found.map { Settlement($0.tag, .acknowledge) })
        async let waited = place.backend.wait(for: "a", timeout: .seconds(10))
        try await place.backend.store("a", .success)
        #expect(try await waited?.state == .success)
        try await consumer.close()
        await place.end()
    }

    private func refusal(_ url: String, options: CeleryObject = [:]) async throws -> String {
        let place = try await RedisPlace(url, options: options)
        var messages: [String] = []
        let sent = await #expect(throws: TransportError.self) { try await place.publish(["a"]) }
        let opened = await #expect(throws: TransportError.self) { try await place.consumer() }
        let read = await #expect(throws: TransportError.self) { try await place.backend.state("a") }
        let waited = await #expect(throws: TransportError.self) {
            try await place.backend.wait(for: "a", timeout: .seconds(30))
        }
        for error in [sent, opened, read, waited] {
            #expect(error?.code == .misconfigured, "\(String(describing: error))")
            messages.append(error?.message ?? "")
        }
        await place.end()
        return try #require(Set(messages).count == 1 ? messages.first : nil, "\(messages)")
    }

    private func withServer(
        asksClients: Bool = false,
        certificate: TestCertificates.Pair? = nil,
        _ body: (RedisServer, TestCertificates) async throws -> Void
    ) async throws {
        let certificates = try await TestCertificates.shared
        var tls = RedisServerOptions.TLS(certificates, asksClients: asksClients)
        if let certificate { tls.certificate = certificate }
        try await RedisServer.with(RedisServerOptions(tls: tls)) { try await body($0, certificates) }
    }

    @Test func `an authority that is named is trusted, and one that nobody knows is not`() async throws {
        try await withServer { server, certificates in
            try await use(server.tlsURL("ssl_ca_certs=\(certificates.authority)"))
            try await use(server.tlsURL(host: "localhost"), options: ["ssl_ca_certs": .string(certificates.authority)])
            for query in ["", "ssl_ca_certs=\(certificates.strangeAuthority)"] {
                let message = try await refusal(server.tlsURL(query))
                for part in ["127.0.0.1:\(server.tlsPort)", "not trusted", "ssl_ca_certs", "ssl_cert_reqs=none"] {
                    #expect(message.contains(part), "\(message)")
                }
            }
        }
    }

    @Test func `ssl_cert_reqs says whether the certificate is verified`() async throws {
        try await withServer { server, certificates in
            for none in ["none", "CERT_NONE", "None", "0"] { try await use(server.tlsURL("ssl_cert_reqs=\(none)")) }
            try await use(server.tlsURL(), options: ["ssl": ["ssl_cert_reqs": 0]])
            for asked in ["optional", "CERT_OPTIONAL", "required", "CERT_REQUIRED"] {
                try await use(server.tlsURL("ssl_cert_reqs=\(asked)&ssl_ca_certs=\(certificates.authority)"))
                #expect(try await refusal(server.tlsURL("ssl_cert_reqs=\(asked)")).contains("not trusted"))
            }
        }
    }

    @Test func `ssl turns TLS on for redis URLs too`() async throws {
        try await withServer { server, certificates in
            let url = server.url(port: server.tlsPort)
            try await use(url, options: ["ssl": ["ssl_ca_certs": .string(certificates.authority)]])
            #expect(try await refusal(url, options: ["ssl": true]).contains("not trusted"))
            // The URL comes first.
            try await use(server.tlsURL("ssl_cert_reqs=none"), options: ["ssl": ["ssl_cert_reqs": "required"]])
        }
    }

    @Test func `the host has to be in the certificate`() async throws {
        let certificates = try await TestCertificates.shared
        try await withServer(certificate: certificates.elsewhere) { server, certificates in
            let trust = "ssl_ca_certs=\(certificates.authority)"
            for host in ["127.0.0.1", "localhost"] {
                let message = try await refusal(server.tlsURL(trust, host: host))
                #expect(message.contains("another host") && message.contains("ssl_check_hostname"), "\(message)")
            }
            try await use(server.tlsURL(trust + "&ssl_check_hostname=false"))
        }
    }

    @Test func `a server that asks for a certificate gets ours`() async throws {
        try await withServer(asksClients: true) { server, certificates in
            let trust = "ssl_ca_certs=\(certificates.authority)"
            func own(_ pair: TestCertificates.Pair) -> String {
                "\(trust)&ssl_certfile=\(pair.certificate)&ssl_keyfile=\(pair.key)"
            }
            try await use(server.tlsURL(own(certificates.client)))
            let missing = try await refusal(server.tlsURL(trust))
            #expect(missing.contains("set ssl_certfile and ssl_keyfile"), "\(missing)")
            let strange = try await refusal(server.tlsURL(own(certificates.strangeClient)))
            #expect(strange.contains("does not accept the certificate"), "\(strange)")
        }
    }

    @Test func `a server that speaks no TLS, and one that speaks nothing else`() async throws {
        try await withServer { server, _ in
            let place = try await RedisPlace(
                "rediss://127.0.0.1:\(server.port)",
                options: ["socket_connect_timeout": 0.5]
            )
            let silent = await #expect(throws: TransportError.self) { try await place.publish(["a"]) }
            #expect(silent?.message.contains("write redis://") == true, "\(String(describing: silent))")
            await place.end()
            let plain = try await RedisPlace("redis://127.0.0.1:\(server.tlsPort)")
            let closed = await #expect(throws: TransportError.self) {
                try await plain.transport.publish([plain.message("a")], timeout: .milliseconds(500))
            }
            #expect(closed?.message.contains("write rediss://") == true, "\(String(describing: closed))")
            await plain.end()
        }
    }

    @Test func `sentinels and their master by TLS`() async throws {
        try await withServer { server, certificates in
            let sentinel = try await TLSSentinel.start(watching: server, certificates)
            let url = "sentinel://127.0.0.1:\(sentinel.tlsPort)/0"
            let name = CeleryValue.string(SentinelGroup.name)
            let trust: CeleryValue = ["ssl_ca_certs": .string(certificates.authority)]
            try await use(url, options: ["master_name": name, "ssl": trust])
            #expect(try await refusal(url, options: ["master_name": name, "ssl": true]).contains("not trusted"))
            await sentinel.end()
        }
    }

    @Test func `a connection that broke is made again`() async throws {
        try await withServer { server, certificates in
            let place = try await RedisPlace(server.tlsURL("ssl_ca_certs=\(certificates.authority)"))
            let consumer = try await place.consumer()
            try await place.publish(["a"])
            #expect(try await consumer.receive(upTo: 1).map(\.id) == ["a"])
            try server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            try await eventually("a new connection") {
                do { try await place.publish(["b"]) } catch { return false }
                return true
            }
            #expect(try await consumer.receiveWhenReachable(upTo: 1).map(\.id) == ["b"])
            try await consumer.close()
            await place.end()
        }
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import ServiceTestSupport
import Testing

/// Both sides by TLS on one server, with one set of settings.
@Suite(
    "TLS",
    .needsPythonAndRedis,
    .enabled(if: TestCertificates.isAvailable, "\(TestCertificates.absence)"),
    .enabled(if: RedisServer.speaksTLS, "\(RedisServer.speaksNoTLS)")
)
struct TLSInteropTests {
    /// A server that asks for certificates, and the options with which both sides reach it.
    private func withServer(_ body: (RedisServer, CeleryValue) async throws -> Void) async throws {
        let certificates = try await TestCertificates.shared
        let tls = RedisServerOptions.TLS(certificates, asksClients: true)
        try await RedisServer.with(RedisServerOptions(tls: tls)) { server in
            try await body(
                server,
                [
                    "ssl_cert_reqs": "required", "ssl_ca_certs": .string(certificates.authority),
                    "ssl_certfile": .string(certificates.client.certificate),
                    "ssl_keyfile": .string(certificates.client.key),
                ]
            )
        }
    }

    private func withApp(
        _ server: RedisServer,
        _ options: CeleryValue,
        _ body: (CeleryApp) async throws -> Void
    ) async throws {
        try await RedisInterop.withApp(
            queue: "swift",
            configure: { settings in
                (settings.brokerURL, settings.resultBackend) = (server.tlsURL(), server.tlsURL(database: 1))
                (settings.brokerUseSSL, settings.redisBackendUseSSL) = (options, options)
            },
            body
        )
    }

    private func peer(_ version: PythonVersion, _ server: RedisServer, _ options: CeleryValue) throws -> PythonPeer {
        try PythonPeer(
            version,
            broker: server.tlsURL(),
            backend: server.tlsURL(database: 1),
            settings: ["broker_use_ssl": options, "redis_backend_use_ssl": options]
        )
    }

    @Test("with broker_use_ssl and redis_backend_use_ssl, in both directions", arguments: PythonVersion.available)
    func settings(version: PythonVersion) async throws {
        try await withServer { server, options in
            let peer = try peer(version, server, options)
            let worker = try await peer.worker(queues: ["python"])
            let client = try await peer.client()
            try await withApp(server, options) { app in
                InteropTasks.register(on: app, ledger: Ledger())
                let there = try await app.sendTask("interop.add", args: [2, 3], options: SendOptions(queue: "python"))
                #expect(try await there.get(timeout: .seconds(30)) == 5)
                try await withWorker(app, pool: .async()) {
                    let back = try await client.call("interop.add", [4, 5], options: ["queue": "swift"])
                    #expect(back.value == 9)
                }
            }
            await client.end()
            await worker.end()
        }
    }

    @Test("with everything in the URL", arguments: PythonVersion.available)
    func urls(version: PythonVersion) async throws {
        let certificates = try await TestCertificates.shared
        let tls = RedisServerOptions.TLS(certificates)
        try await RedisServer.with(RedisServerOptions(tls: tls)) { server in
            let url = server.tlsURL("ssl_cert_reqs=required&ssl_ca_certs=\(certificates.authority)")
            let client = try await PythonPeer(version, broker: url, backend: url).client()
            try await RedisInterop.withApp(
                queue: "swift",
                configure: { ($0.brokerURL, $0.resultBackend) = (url, url) }
            ) { app in
                InteropTasks.register(on: app, ledger: Ledger())
                try await withWorker(app, pool: .async()) {
                    let back = try await client.call("interop.add", [4, 5], options: ["queue": "swift"])
                    #expect(back.value == 9)
                }
            }
            await client.end()
        }
    }
}

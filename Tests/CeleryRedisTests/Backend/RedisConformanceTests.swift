//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryTesting
import CeleryWire
import ServiceTestSupport
import Testing

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(3)))
struct RedisConformanceTests {
    @Test(arguments: ResultBackendCheck.all)
    func `keeps the result contract`(_ check: ResultBackendCheck) async throws {
        try await run(check, try await TestServer())
    }

    @Test(arguments: ResultBackendCheck.all)
    func `keeps the result contract with a server that pushes nothing`(_ check: ResultBackendCheck) async throws {
        try await run(check, try await TestServer(RedisServerOptions(directives: [("rename-command", "HELLO \"\"")])))
    }

    private func run(_ check: ResultBackendCheck, _ server: TestServer) async throws {
        let backend = try server.backend(options: ["global_keyprefix": "conformance", "chord_claim_timeout": 2])
        #expect(backend.chords != nil)
        let harness = ResultBackendHarness(
            backend: backend,
            prefix: "x-",
            claim: .seconds(2),
            // sleeps: the server keeps the system's time, so the checks' time passes by passing.
            pass: { try await Task.sleep(for: $0) }
        )
        try await check.run(harness)
        await backend.shutdown()
    }
}
#endif

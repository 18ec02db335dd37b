//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryTesting
import CeleryWire
import Testing

@Suite struct SQLiteConformanceTests {
    @Test(arguments: TransportCheck.all)
    func `keeps the transport contract when processes die`(_ check: TransportCheck) async throws {
        let store = try await TemporaryStore()
        try await check.run(store.harness(isDead: true))
        await store.end()
    }

    @Test(arguments: TransportCheck.all.filter(\.isAboutDeath))
    func `keeps the transport contract when processes are stopped`(_ check: TransportCheck) async throws {
        let store = try await TemporaryStore()
        try await check.run(store.harness(isDead: false))
        await store.end()
    }

    @Test(arguments: ResultBackendCheck.all)
    func `keeps the result contract`(_ check: ResultBackendCheck) async throws {
        let store = try await TemporaryStore(options: ["chord_claim_timeout": 2])
        #expect(store.backend.chords != nil)
        let harness = ResultBackendHarness(
            backend: store.backend,
            claim: .seconds(2),
            // sleeps: the store keeps the system's time, so the checks' time passes by passing.
            pass: { try await Task.sleep(for: $0) }
        )
        try await check.run(harness)
        await store.end()
    }
}
#endif

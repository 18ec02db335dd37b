//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryTesting
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
        let store = try await TemporaryStore()
        // sleeps: the store keeps the system's time, so the checks' time passes by passing.
        try await check.run(ResultBackendHarness(backend: store.backend, pass: { try await Task.sleep(for: $0) }))
        await store.end()
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
@testable import CelerySQLite
import CeleryTesting
import CeleryWire
import Testing

/// Waiting for results that another process stores.
@Suite(.timeLimit(.minutes(1))) struct ResultWatchTests {
    private static func result(_ id: String, expires: Duration? = nil) -> StoredResult {
        StoredResult(TaskMeta(taskID: id, state: .success), expires: expires)
    }

    /// Another process's waiter has heard of a first result, which then goes; a second, which may take its place, is heard of too.
    private func expectHeard(
        _ first: StoredResult,
        goes: (any ResultBackend) async throws -> Void
    ) async throws {
        let store = try await TemporaryStore()
        let (transport, waiter) = try await TemporaryStore.open(store.path, isShared: false)
        // Keeps the watch going all the while.
        let watch = Task { try await waiter.wait(for: "never", timeout: .seconds(30)) }
        async let one = waiter.wait(for: "one", timeout: .seconds(20))
        try await store.backend.store([first], timeout: .seconds(5))
        #expect(try await one?.state == .success)
        try await goes(store.backend)
        let two = Task { try await waiter.wait(for: "two", timeout: .seconds(20)) }
        // sleeps: nothing tells that its own first look is over, and the second has to be noticed, not found.
        try await Task.sleep(for: .milliseconds(300))
        try await store.backend.store([Self.result("two")], timeout: .seconds(5))
        let stored = ContinuousClock.now
        #expect(try await two.value?.state == .success)
        #expect(.now - stored < .seconds(15), "it was found at the end only, not noticed")
        watch.cancel()
        _ = try? await watch.value
        await transport.shutdown()
        await waiter.shutdown()
        await store.end()
    }

    @Test func `a result is noticed that comes after the newest was forgotten`() async throws {
        try await expectHeard(Self.result("one")) { try await $0.forget(["one"]) }
    }

    @Test func `a result is noticed that comes after the newest has expired`() async throws {
        try await expectHeard(Self.result("one", expires: .seconds(2))) { backend in
            while try await backend.removeExpired() == 0 { try await Task.sleep(for: .milliseconds(20)) }
        }
    }
}
#endif

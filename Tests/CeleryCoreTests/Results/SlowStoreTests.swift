//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization
import Testing

@Suite("Waiting for tasks at a store that is slow")
struct SlowStoreTests {
    /// Waits that it ends in vain, each after the next task has ended.
    private final class SlowBackend: ResultBackend {
        private let base = MemoryStore().backend
        private let error: TransportError
        private let ids: Mutex<[String]>

        init(_ ids: [String], _ error: TransportError) {
            self.error = error
            self.ids = Mutex(ids)
        }

        var location: String { base.location }
        var storeIdentity: StoreIdentity? { nil }

        func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
            try await base.store(results, timeout: timeout)
        }
        func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
            try await base.fetch(ids, timeout: timeout)
        }
        func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
            let next = ids.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let next else { return try await base.wait(for: id, timeout: timeout) }
            let meta = TaskMeta(taskID: next, state: .success, outcome: .value(EncodedValue(.null)))
            try await base.store([StoredResult(meta, expires: nil)], timeout: timeout)
            throw error
        }
        func forget(_ ids: [String]) async throws(TransportError) { try await base.forget(ids) }
        func removeExpired() async throws(TransportError) -> Int { try await base.removeExpired() }
        func shutdown() async { await base.shutdown() }
    }

    private let timedOut = TransportError(.timedOut, "could not be read in time")

    private func ended(_ backend: SlowBackend, timeout: Duration) async throws -> Set<String> {
        let ended = Mutex<Set<String>>([])
        try await backend.wait(forAll: ["a", "b", "c"], timeout: timeout) { metas in
            ended.withLock { $0.formUnion(metas.map(\.taskID)) }
            return true
        }
        return ended.withLock { $0 }
    }

    @Test("A look that takes too long is made again while there is time")
    func slow() async throws {
        let found = try await ended(SlowBackend(["a", "b", "c"], timedOut), timeout: .seconds(60))
        #expect(found == ["a", "b", "c"])
    }

    @Test("At the end of the time it is told")
    func late() async throws {
        await #expect(throws: TransportError.self) {
            try await ended(SlowBackend(["a"], timedOut), timeout: .milliseconds(500))
        }
    }

    @Test("Any other error is told at once")
    func other() async throws {
        let broken = SlowBackend(["a"], TransportError(.misconfigured, "wrong"))
        await #expect(throws: TransportError.self) { try await ended(broken, timeout: .seconds(60)) }
    }
}

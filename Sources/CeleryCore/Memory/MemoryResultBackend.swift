//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

/// A memory store as a result backend.
struct MemoryResultBackend: ResultBackend {
    let store: MemoryStore

    var location: String { store.location }
    var storeIdentity: StoreIdentity? { store.identity }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        let now = store.time.now
        store.state.withLock { store.keep(results, in: &$0, now: now) }
        store.announce(results)
    }

    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        var found: [String: TaskMeta] = [:]
        for id in ids { found[id] = meta(of: id) }
        return found
    }

    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
        let deadline = store.time.now.advanced(by: timeout)
        while true {
            if let meta = meta(of: id), meta.state.isReady { return meta }
            guard !Task.isCancelled else {
                throw .cancelledWait(for: id)
            }
            guard store.time.now < deadline else { return nil }
            await store.resultsWaiting.wait(for: id, until: deadline, time: store.time) {
                meta(of: id)?.state.isReady ?? false
            }
        }
    }

    func forget(_ ids: [String]) async throws(TransportError) {
        store.state.withLock { state in
            for id in ids { state.results[id] = nil }
        }
    }

    func removeExpired() async throws(TransportError) -> Int {
        let now = store.time.now
        return store.state.withLock { state in
            let before = state.results.count + state.groups.count + state.chords.count
            state.results = state.results.filter { !$0.value.isOver(at: now) }
            state.groups = state.groups.filter { !$0.value.isOver(at: now) }
            state.chords = state.chords.filter { !$0.value.isOver(at: now) }
            return before - state.results.count - state.groups.count - state.chords.count
        }
    }

    var chords: (any ChordStore)? { MemoryChordStore(store: store) }

    func storeGroup(_ id: String, _ tuple: CeleryValue, expires: Duration?) async throws(TransportError) {
        let now = store.time.now
        store.state.withLock { $0.keep(id, tuple, expires: expires, now: now) }
    }

    func fetchGroup(_ id: String) async throws(TransportError) -> CeleryValue? {
        let now = store.time.now
        return store.state.withLock { $0.group(id, now: now) }
    }

    func forgetGroup(_ id: String) async throws(TransportError) {
        store.state.withLock { $0.groups[id] = nil }
    }

    func shutdown() async {}

    private func meta(of id: String) -> TaskMeta? {
        let now = store.time.now
        return store.state.withLock { state in
            guard let stored = state.results[id], !stored.isOver(at: now) else { return nil }
            return stored.meta
        }
    }
}

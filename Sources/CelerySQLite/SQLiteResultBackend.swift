//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import GRDB
import Synchronization

/// A file as a result backend.
final class SQLiteResultBackend: ResultBackend {
    let store: SQLiteStore
    /// Of the app whose results it keeps: others of the process may use the same store.
    let codec: WireCodec
    private let isReleased = Atomic(false)

    /// How long the claim to send a chord's body lasts.
    let chordClaim: Duration

    /// Without a codec, that of who opened the store.
    init(store: SQLiteStore, codec: WireCodec? = nil, chordClaim: Duration = ChordTimes.claim) {
        self.store = store
        self.codec = codec ?? store.options.codec
        self.chordClaim = chordClaim
    }

    var location: String { store.options.path }
    var storeIdentity: StoreIdentity? { store.files.identity }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        guard !results.isEmpty else { return }
        var encoded: [EncodedResult] = []
        for result in results { encoded.append(try EncodedResult(result, codec: codec)) }
        try await store.write(timeout: timeout) { [encoded] in try $0.store(encoded) }
    }

    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        let now = store.options.time.now.microseconds
        let found = try await store.read(timeout: timeout) { database in
            let select = try database.query(
                "SELECT payload FROM result WHERE task_id = ? AND (expires IS NULL OR expires > ?)"
            )
            var found: [String: [UInt8]] = [:]
            for id in ids { try select.rows(id, now) { found[id] = $0.bytes(0) } }
            return found
        }
        var metas: [String: TaskMeta] = [:]
        for (id, bytes) in found {
            do throws(WireError) {
                metas[id] = try codec.decodeStoredMeta(bytes)
            } catch {
                throw .unreadableResult(of: id, in: location, error)
            }
        }
        return metas
    }

    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
        let deadline = MonotonicTime.now.advanced(by: timeout)
        let watch = store.signals.results
        watch.enter(id)
        defer { watch.leave(id) }
        store.keeper.start()
        var hasRead = false
        while true {
            let generation = watch.generation(of: id)
            let patience = max(.milliseconds(100), min(store.options.timeout, deadline.since(.now)))
            do throws(TransportError) {
                if let meta = try await fetch([id], timeout: patience)[id], meta.state.isReady { return meta }
                hasRead = true
            } catch  where error.code == .timedOut && hasRead && MonotonicTime.now >= deadline {
                // The file can be read; for one more time there was not enough left.
                return nil
            }
            guard !Task.isCancelled else {
                throw .cancelledWait(for: id)
            }
            guard !store.isClosed else { throw SQLiteStore.closedError(location) }
            guard MonotonicTime.now < deadline else { return nil }
            if watch.setAlarm(for: id, at: deadline) { store.signals.alarm.signal() }
            await watch.wait(for: id, after: generation, until: deadline, time: store.options.time)
        }
    }

    func forget(_ ids: [String]) async throws(TransportError) {
        try await store.write { try $0.forgetResults(ids) }
    }

    func removeExpired() async throws(TransportError) -> Int {
        var count = 0
        while true {
            let removed = try await store.write { try $0.removeExpired(limit: 1000) }
            count += removed
            guard removed > 0 else { return count }
        }
    }

    func shutdown() async {
        guard !isReleased.exchange(true, ordering: .acquiringAndReleasing) else { return }
        await SQLiteStores.release(store)
    }
}
#endif

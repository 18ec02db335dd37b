//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization

/// What this worker knows of revoked tasks: the store's table, read for every batch, and followed for running tasks; and,
/// where the store does not outlive its processes, what a file kept.
final class RevokedTasks: Sendable {
    private struct State {
        var cursor: Int64 = 0
        var known = RevokedIDs()
        /// What the file does not have yet.
        var isUnsaved = false
        /// Not sooner, lest a flood of them keep the worker writing.
        var nextSave = ContinuousClock.now
    }

    /// How long a revocation is known, Celery's `CELERY_WORKER_REVOKE_EXPIRES`.
    static let life: Duration = .seconds(10800)

    private let state = Mutex(State())
    private let file: StateFile?

    init(file: StateFile? = nil) { self.file = file }

    /// Those of the deliveries' ids that are revoked. A store that cannot answer revokes nothing for the moment.
    func revoked(among deliveries: [Delivery], in store: (any RevocationStore)?) async -> Set<String> {
        let ids = deliveries.compactMap(\.taskID)
        var revoked = (try? await store?.revoked(among: ids)) ?? []
        let now = Timestamp.now
        state.withLock { state in
            guard !state.known.isEmpty else { return }
            for id in ids where state.known.contains(id, at: now) { revoked.insert(id) }
        }
        return revoked
    }

    /// Ids that are known here and not expired.
    var ids: [String] {
        let now = Timestamp.now
        return state.withLock { $0.known.expiries.filter { $0.value > now }.keys.sorted() }
    }

    /// Takes over ids that came from others.
    func learn(_ ids: [String]) {
        guard !ids.isEmpty else { return }
        let now = Timestamp.now
        let expires = now.advanced(by: Self.life)
        state.withLock { state in
            let new = ids.filter { !state.known.contains($0, at: now) }
            if state.known.insert(new.map { ($0, expires) }, now: now) { state.isUnsaved = true }
        }
    }

    func contains(_ id: String) -> Bool {
        state.withLock { state in !state.known.isEmpty && state.known.contains(id, at: .now) }
    }

    /// Reads what is new in the store, of much only the first part; nil when there is nothing more.
    func refresh(from store: any RevocationStore) async throws(TransportError) -> [Revocation]? {
        let cursor = state.withLock { $0.cursor }
        let (entries, next) = try await store.revocations(after: cursor)
        let now = Timestamp.now
        state.withLock { state in
            state.cursor = next
            if state.known.insert(entries.map { ($0.taskID, $0.expires) }, now: now) { state.isUnsaved = true }
        }
        return next == cursor ? nil : entries
    }

    /// Reads the file, if there is to be one, and shows that it can be written.
    ///
    /// - Throws: ``CeleryError`` `.misconfigured`.
    func restore() throws(CeleryError) {
        guard let file else { return }
        let kept = try file.read()
        state.withLock { state in
            state.known.insert(kept, now: .now)
            state.isUnsaved = true
        }
        try save()
        state.withLock { $0.nextSave = .now }
    }

    /// Writes the file when something is new.
    ///
    /// - Throws: ``CeleryError`` `.misconfigured`; what is new stays to be written.
    func save(onlyIfDue: Bool = false) throws(CeleryError) {
        guard let file else { return }
        let unsaved = state.withLock { state -> RevokedIDs? in
            guard state.isUnsaved, !onlyIfDue || state.nextSave <= .now else { return nil }
            state.isUnsaved = false
            state.nextSave = .now + .seconds(5)
            state.known.trim(now: .now)
            return state.known
        }
        guard let unsaved else { return }
        do {
            try file.write(unsaved)
        } catch {
            state.withLock { state in
                state.isUnsaved = true
                state.nextSave = .now + .seconds(60)
            }
            throw error
        }
    }
}

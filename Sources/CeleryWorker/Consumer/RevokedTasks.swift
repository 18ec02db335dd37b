//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization

/// What this worker knows of revoked tasks: the store's table, read for every batch, and followed for running tasks.
final class RevokedTasks: Sendable {
    private struct State {
        var cursor: Int64 = 0
        var known: [String: Timestamp] = [:]
    }

    private let state = Mutex(State())

    /// Those of the deliveries' ids that are revoked. A store that cannot answer revokes nothing for the moment.
    func revoked(among deliveries: [Delivery], in store: (any RevocationStore)?) async -> Set<String> {
        guard let store else { return [] }
        return (try? await store.revoked(among: deliveries.compactMap(\.taskID))) ?? []
    }

    func contains(_ id: String) -> Bool {
        state.withLock { state in !state.known.isEmpty && state.known[id] != nil }
    }

    /// Reads what is new in the store.
    func refresh(from store: any RevocationStore) async throws(TransportError) -> [Revocation] {
        let cursor = state.withLock { $0.cursor }
        let (entries, next) = try await store.revocations(after: cursor)
        let now = Timestamp.now
        state.withLock { state in
            state.cursor = next
            for entry in entries { state.known[entry.taskID] = entry.expires }
            if state.known.count > 1024 { state.known = state.known.filter { $0.value > now } }
        }
        return entries
    }
}

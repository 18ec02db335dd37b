//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

/// Revoked ids in a memory store.
struct MemoryRevocations: RevocationStore {
    let store: MemoryStore

    var survivesRestart: Bool { false }

    func revoke(_ revocations: [Revocation]) async throws(TransportError) {
        let now = store.time.now
        store.state.withLock { state in
            let ids = Set(revocations.map(\.taskID))
            state.revocations = state.revocations.filter { $0.value.expires > now && !ids.contains($0.value.taskID) }
            for revocation in revocations {
                state.lastRevocation += 1
                state.revocations[state.lastRevocation] = revocation
            }
        }
    }

    func revoked(among ids: [String]) async throws(TransportError) -> Set<String> {
        let now = store.time.now
        let revoked = store.state.withLock { $0.revocations.values.filter { $0.expires > now }.map(\.taskID) }
        return Set(revoked).intersection(ids)
    }

    func revocations(after cursor: Int64) async throws(TransportError) -> (entries: [Revocation], cursor: Int64) {
        let now = store.time.now
        return store.state.withLock { state in
            let newer = state.revocations.filter { $0.key > cursor }.sorted { $0.key < $1.key }
            return (newer.map(\.value).filter { $0.expires > now }, newer.last?.key ?? cursor)
        }
    }
}

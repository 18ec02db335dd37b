//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire

extension SQLiteResultBackend {
    var chords: (any ChordStore)? { SQLiteChords(store: store, limits: codec.limits, claim: chordClaim) }

    func storeGroup(_ id: String, _ tuple: CeleryValue, expires: Duration?) async throws(TransportError) {
        let bytes = try StoredTuple.encode(tuple)
        try await store.write { try $0.storeGroup(id, bytes, expires: expires) }
    }

    func fetchGroup(_ id: String) async throws(TransportError) -> CeleryValue? {
        let now = store.options.time.now.microseconds
        let bytes = try await store.read { database in
            var found: [UInt8]?
            try database.query("SELECT payload FROM task_group WHERE group_id = ? AND (expires IS NULL OR expires > ?)")
                .rows(id, now) { found = $0.bytes(0) }
            return found
        }
        guard let bytes else { return nil }
        return try StoredTuple.value(bytes, ofGroup: id, in: location, limits: codec.limits)
    }

    func forgetGroup(_ id: String) async throws(TransportError) {
        try await store.write { try $0.forgetGroup(id) }
    }
}
#endif

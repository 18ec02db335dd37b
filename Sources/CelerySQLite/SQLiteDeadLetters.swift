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

/// The dead letters of a file.
struct SQLiteDeadLetters: DeadLetterStore {
    let store: SQLiteStore

    func list(_ selection: DeadLetterSelection, limit: Int) async throws(TransportError) -> [DeadLetter] {
        let retention = store.options.deadLetterRetention
        let oldest = store.options.time.now.advanced(by: .zero - retention)
        return try await store.read { database in
            try DeadLetterRows.numbers(of: selection, in: database, limit: max(0, limit))
                .compactMap { try DeadLetterRows.letter($0, in: database) }
                .filter { $0.diedAt > oldest }
        }
    }

    func replay(_ selection: DeadLetterSelection) async throws(TransportError) -> Int {
        try await store.write { try $0.replay(selection) }
    }

    func purge(_ selection: DeadLetterSelection) async throws(TransportError) -> Int {
        try await store.write { try $0.purgeDeadLetters(selection) }
    }
}
#endif

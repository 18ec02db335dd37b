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

/// A result whose meta is already bytes.
struct EncodedResult: Sendable {
    /// What `result.state` says.
    enum State {
        static let unready: Int64 = 0
        static let ready: Int64 = 1
        static let success: Int64 = 2
    }

    var id: String
    var state: Int64
    var lifetime: Duration?
    var payload: [UInt8]
    /// As it came, if it may have to give way to an end (see ``StoredResult/since``), and what reads that.
    var passing: (result: StoredResult, codec: WireCodec)?

    init(_ result: StoredResult, codec: WireCodec) throws(TransportError) {
        passing = result.since != nil && !result.meta.state.isReady ? (result, codec) : nil
        id = result.meta.taskID
        state = result.meta.state == .success ? State.success : result.meta.state.isReady ? State.ready : State.unready
        lifetime = result.expires
        do throws(WireError) {
            payload = try codec.encodeStored(result.meta)
        } catch {
            throw TransportError(
                .unsupported,
                "the result of task \(id) cannot be written as \(codec.resultSerializer)",
                cause: error
            )
        }
    }
}

extension StoreTransaction {
    func store(_ results: [EncodedResult]) throws {
        for result in results {
            let expires = result.lifetime.map { Timestamp(microseconds: now).advanced(by: $0).microseconds }
            try database.query("INSERT OR IGNORE INTO result(task_id, state, expires, payload) VALUES(?, ?, ?, ?)")
                .run(result.id, result.state, expires, result.payload)
            if database.changes == 0, try !replace(result, expires: expires) { continue }
            if result.state != EncodedResult.State.unready { noteResult(result.id) }
        }
    }

    /// Replaces what is stored, unless it is a SUCCESS in force, or a later end. The new number lets watchers see it as new.
    private func replace(_ result: EncodedResult, expires: Int64?) throws -> Bool {
        if let (passing, codec) = result.passing, try yields(passing, codec) { return false }
        try database.query(
            """
            UPDATE result SET number = (SELECT max(number) + 1 FROM result), state = ?, expires = ?, payload = ?
            WHERE task_id = ? AND (state <> ? OR (expires IS NOT NULL AND expires <= ?))
            """
        )
        .run(result.state, expires, result.payload, result.id, EncodedResult.State.success, now)
        return database.changes == 1
    }

    private func yields(_ passing: StoredResult, _ codec: WireCodec) throws -> Bool {
        var payload: [UInt8]?
        try database.query(
            "SELECT payload FROM result WHERE task_id = ? AND state = ? AND (expires IS NULL OR expires > ?)"
        )
        .rows(passing.meta.taskID, EncodedResult.State.ready, now) { payload = $0.bytes(0) }
        guard let payload else { return false }
        // One that cannot be read is an end all the same.
        return (try? codec.decodeStoredMeta(payload)).map { passing.yields(to: $0) } ?? true
    }

    func forgetResults(_ ids: [String]) throws {
        try keepingNumbers {
            let delete = try database.query("DELETE FROM result WHERE task_id = ?")
            for id in ids { try delete.run(id) }
        }
    }

    /// Deletes expired results, at most so many. Returns how many.
    func removeExpiredResults(limit: Int) throws -> Int {
        try keepingNumbers {
            try database.query(
                "DELETE FROM result WHERE number IN (SELECT number FROM result WHERE expires <= ? ORDER BY expires LIMIT ?)"
            )
            .run(now, limit)
            return database.changes
        }
    }

    /// Deletes, and keeps the highest number from being given again: those who watch would take the next result for one that
    /// they have seen. A row of no task holds it.
    private func keepingNumbers<Result>(_ delete: () throws -> Result) throws -> Result {
        let highest = try highestNumber()
        let result = try delete()
        guard let highest, try highestNumber() ?? 0 < highest else { return result }
        try database.query("INSERT OR REPLACE INTO result(number, task_id, state, payload) VALUES(?, '', ?, x'')")
            .run(highest, EncodedResult.State.unready)
        return result
    }

    private func highestNumber() throws -> Int64? { try database.query("SELECT max(number) FROM result").int() }
}
#endif

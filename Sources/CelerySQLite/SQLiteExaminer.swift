//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire

/// Examines a file: whether it is whole, and whether every message in it has its place.
struct SQLiteExaminer: TransportExaminer {
    let store: SQLiteStore

    private typealias Check = @Sendable (SQLiteExaminer, _ repair: Bool) async throws(TransportError) -> [Finding]

    private static let checks: [(name: String, run: Check)] = [
        ("integrity", { (examiner, _) throws(TransportError) in try await examiner.integrity() }),
        ("messages", { (examiner, repair) throws(TransportError) in try await examiner.lost(repair: repair) }),
        ("epochs", { (examiner, _) throws(TransportError) in try await examiner.epochs() }),
        ("dead letters", { (examiner, _) throws(TransportError) in try await examiner.deadLetters() }),
    ]

    func examine(repair: Bool) async throws(TransportError) -> [Finding] {
        var findings: [Finding] = []
        for (name, run) in Self.checks {
            do throws(TransportError) {
                findings += try await run(self, repair)
            } catch {
                let found = "the check of \"\(name)\" could not be made: \(error)"
                let severity: Finding.Severity = error.isTransient ? .warning : .serious
                findings.append(Finding(severity, "check-failed", found, cure: "put right what the message names"))
            }
        }
        return findings
    }

    private func integrity() async throws(TransportError) -> [Finding] {
        let faults = try await store.read { database in
            var lines: [String] = []
            try database.query("PRAGMA quick_check(5)").rows { lines.append($0.text(0)) }
            return lines
        }
        guard faults != ["ok"] else { return [] }
        return [
            Finding(
                .serious,
                "damaged",
                "\(store.options.path) is damaged: \(faults.joined(separator: "; "))",
                cure: "stop all workers, copy the file, and try `sqlite3 FILE .recover` on the copy"
            )
        ]
    }

    /// Messages that are neither ready, delayed nor held: nobody would ever take them.
    private func lost(repair: Bool) async throws(TransportError) -> [Finding] {
        let count = try await store.read { try $0.query("SELECT count(*) \(StoreTransaction.unplaced)").int() ?? 0 }
        guard count > 0 else { return [] }
        var finding = Finding(
            .serious,
            "lost-message",
            "\(count) message\(count == 1 ? " is" : "s are") neither ready, delayed nor held: nobody will take "
                + (count == 1 ? "it" : "them"),
            cure: "doctor --repair makes them ready",
            isRepairable: true
        )
        if repair {
            try await store.write { try $0.placeUnplaced() }
            finding.isRepaired = true
        }
        return [finding]
    }

    /// Consumers whose lease ran out and that nobody has ended.
    private func epochs() async throws(TransportError) -> [Finding] {
        let now = store.options.time.now.microseconds
        return try await store.read { database in
            var findings: [Finding] = []
            let held = try database.query("SELECT count(*) FROM held WHERE tag >= ? AND tag < ?")
            var overdue: [(id: Int64, name: String)] = []
            try database.query("SELECT id, name FROM epoch WHERE seen + lease < ?")
                .rows(now) { overdue.append(($0.int(0), $0.text(1))) }
            for (id, name) in overdue {
                let count = try held.int(HeldTag.first(of: id), HeldTag.end(of: id)) ?? 0
                findings.append(
                    Finding(
                        .warning,
                        "orphaned-epoch",
                        "worker \(name) is gone, and its epoch \(id) still holds \(count) message\(count == 1 ? "" : "s")",
                        cure: "start a worker, which gives them back within seconds"
                    )
                )
            }
            return findings
        }
    }

    private func deadLetters() async throws(TransportError) -> [Finding] {
        let retention = store.options.deadLetterRetention
        let oldest = store.options.time.now.advanced(by: .zero - retention).microseconds
        let count = try await store.read { try $0.query("SELECT count(*) FROM dead WHERE died > ?").int(oldest) ?? 0 }
        guard count > 0 else { return [] }
        let isFull = count >= store.options.deadLetterLimit
        return [
            Finding(
                isFull ? .warning : .note,
                "dead-letters",
                "\(count) message\(count == 1 ? " was" : "s were") set aside"
                    + (isFull ? ", as many as are kept: the oldest are being dropped" : ""),
                cure: "celery dead shows them with their reasons; dead replay puts them back, dead purge deletes them"
            )
        ]
    }
}

extension StoreTransaction {
    /// Rows of messages that no other table names.
    fileprivate static let unplaced = """
        FROM message WHERE id NOT IN (
          SELECT message FROM ready UNION ALL SELECT message FROM delayed UNION ALL SELECT message FROM held)
        """

    /// Makes them ready.
    fileprivate func placeUnplaced() throws {
        var rows: [(id: Int64, queue: Int64, urgency: Int64)] = []
        try database.query("SELECT id, queue, urgency \(Self.unplaced)")
            .rows { rows.append(($0.int(0), $0.int(1), $0.int(2))) }
        for row in rows { try place(row.id, queue: row.queue, urgency: row.urgency) }
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import GRDB

/// The tables, and how they come to be.
///
/// A message is one row of `message` from publish to settlement, and is named by exactly one row of `ready`, `delayed`
/// or `held`. Moving it between those touches small rows only, never the payload. Its id is its place in the queue: what
/// is given back keeps it, what is requeued at the back gets a new one.
enum Schema {
    /// Kept in `PRAGMA user_version`. The tables of 1 and 2 are the same but for ``chordTables``, which came with 3,
    /// ``broadcastTables``, which came with 4, and ``revocationIndex``, which came with 5; under 1, what has started was in
    /// them, not in journals.
    static let version = 5
    /// "Cely", so that `file` and we know our own; kept in `PRAGMA application_id`.
    static let applicationID = 0x4365_6c79
    /// The queue that obituaries wait on; every consumer serves it.
    static let obituaryQueue: Int64 = 0

    static let tables = """
        CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO counter VALUES('topology', 1);

        CREATE TABLE queue(
          id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
          expires INTEGER, ttl INTEGER, used INTEGER NOT NULL) STRICT;

        CREATE TABLE binding(
          number INTEGER PRIMARY KEY, exchange TEXT NOT NULL, kind TEXT NOT NULL,
          routing_key TEXT NOT NULL, queue TEXT NOT NULL,
          UNIQUE(exchange, kind, routing_key, queue)) STRICT;

        CREATE TABLE message(
          id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, urgency INTEGER NOT NULL, published INTEGER NOT NULL,
          attempts INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0,
          redelivered INTEGER NOT NULL DEFAULT 0, payload BLOB NOT NULL) STRICT;

        CREATE TABLE ready(
          queue INTEGER NOT NULL, urgency INTEGER NOT NULL, message INTEGER NOT NULL,
          PRIMARY KEY(queue, urgency, message)) STRICT, WITHOUT ROWID;

        CREATE TABLE delayed(
          due INTEGER NOT NULL, message INTEGER NOT NULL, queue INTEGER NOT NULL, urgency INTEGER NOT NULL,
          PRIMARY KEY(due, message)) STRICT, WITHOUT ROWID;

        CREATE TABLE held(tag INTEGER PRIMARY KEY, message INTEGER NOT NULL, begun INTEGER NOT NULL DEFAULT 0) STRICT;

        CREATE TABLE epoch(
          id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL, name TEXT NOT NULL, queues TEXT NOT NULL,
          beat INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL, lease INTEGER NOT NULL) STRICT;

        CREATE TABLE presence(name TEXT PRIMARY KEY, queues TEXT NOT NULL, seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE dead(
          number INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT, task_name TEXT, queue TEXT NOT NULL,
          urgency INTEGER NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL, died INTEGER NOT NULL,
          deaths INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;

        CREATE TABLE result(
          number INTEGER PRIMARY KEY, task_id TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,
          expires INTEGER, payload BLOB NOT NULL) STRICT;
        CREATE INDEX result_expires ON result(expires) WHERE expires IS NOT NULL;

        CREATE TABLE revocation(
          number INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL UNIQUE, terminate INTEGER NOT NULL,
          signal TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
        """

    /// Counted parts lie apart from their chord, whose row changes with each of them. `place` is a part's index in the header.
    static let chordTables = """
        CREATE TABLE chord(
          id INTEGER PRIMARY KEY, group_id TEXT NOT NULL UNIQUE, size INTEGER,
          extra INTEGER NOT NULL DEFAULT 0, counted INTEGER NOT NULL DEFAULT 0, claimant TEXT,
          claim_ends INTEGER NOT NULL DEFAULT 0, is_over INTEGER NOT NULL DEFAULT 0, expires INTEGER) STRICT;
        CREATE INDEX chord_expires ON chord(expires) WHERE expires IS NOT NULL;

        CREATE TABLE chord_part(
          number INTEGER PRIMARY KEY, chord INTEGER NOT NULL, place INTEGER NOT NULL, task_id TEXT NOT NULL,
          state TEXT NOT NULL, value BLOB NOT NULL, UNIQUE(chord, place, task_id)) STRICT;

        CREATE TABLE task_group(
          number INTEGER PRIMARY KEY, group_id TEXT NOT NULL UNIQUE, expires INTEGER, payload BLOB NOT NULL) STRICT;
        CREATE INDEX task_group_expires ON task_group(expires) WHERE expires IS NOT NULL;
        """

    /// What listeners have not read after half a minute they never will. A listener that was not seen for as long is gone.
    static let broadcastTables = """
        CREATE TABLE listener(
          id TEXT NOT NULL, exchange TEXT NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY(id, exchange)) STRICT, WITHOUT ROWID;

        CREATE TABLE broadcast(
          number INTEGER PRIMARY KEY AUTOINCREMENT, exchange TEXT NOT NULL, sent INTEGER NOT NULL,
          payload BLOB NOT NULL) STRICT;
        CREATE INDEX broadcast_sent ON broadcast(sent);
        """

    /// Without it, to forget what has expired would mean to read a million revocations.
    static let revocationIndex = "CREATE INDEX revocation_expires ON revocation(expires);"

    /// Creates the tables in an empty file, and refuses one that is not ours or of a newer version.
    static func prepare(_ database: Database, path: String) throws {
        let found = try database.query("PRAGMA user_version").int() ?? 0
        guard found != version else { return }
        guard found < version else {
            throw TransportError(
                .misconfigured,
                "\(path) has schema version \(found), and this program knows only \(version): use a newer swift-celery, "
                    + "or another file"
            )
        }
        try database.inTransaction(.immediate) {
            let found = try database.query("PRAGMA user_version").int() ?? 0
            if found == Int64(version) { return .commit }
            guard found == 0 else {
                // Begun early under version 1: an obituary, should its worker be dead.
                let missing = (found < 3 ? chordTables : "") + (found < 4 ? broadcastTables : "") + revocationIndex
                if found == 1 { try database.execute(sql: "UPDATE held SET begun = 3 WHERE begun = 1") }
                try database.execute(sql: missing + "PRAGMA user_version = \(version)")
                return .commit
            }
            guard try database.query("SELECT count(*) FROM sqlite_master").int() == 0 else {
                throw TransportError(
                    .misconfigured,
                    "\(path) is an SQLite database of something else (it has tables that are not ours): use another file"
                )
            }
            try database.execute(sql: tables + chordTables + broadcastTables + revocationIndex)
            try database.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
            return .commit
        }
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
@testable import CelerySQLite
import CeleryTesting
import CeleryWire
import Foundation
import GRDB
import Testing

/// The files of open consumers: journals that cannot be read, and files that nobody owns any more.
@Suite(.timeLimit(.minutes(2))) struct JournalTests {
    @Test func `a journal that cannot be opened for the moment puts the sweep off`() async throws {
        let store = try await TemporaryStore()
        let dying = try await store.consumer("q")
        try await store.publish(["early", "held"])
        let held = try await store.take(2, from: dying)
        try await dying.begin([BeginMark(held[0].tag, .early)])
        let journal = try #require(dying.journal?.path)
        // Replaced in one step each time: a journal that is missing knows of nothing that runs.
        try FileManager.default.linkItem(atPath: journal, toPath: journal + ".aside")
        try FileManager.default.createSymbolicLink(atPath: journal + ".loop", withDestinationPath: journal)
        try #require(rename(journal + ".loop", journal) == 0)
        (dying as? SQLiteConsumer)?.abandon(isDead: true)
        let heir = try await store.consumer("q")
        // Two rounds beside the keeper's own, each of which could have swept.
        let rounds = KeeperRounds(keeper: try #require(store.transport as? SQLiteTransport).store.keeper)
        for _ in 0..<2 { try rounds.lookAround() }
        #expect(try await store.transport.status(of: ["q"]).first?.held == 2)
        try #require(rename(journal + ".aside", journal) == 0)
        let taken = try await store.take(2, from: heir)
        #expect(taken.map(\.kind) == [.obituary, .task])
        #expect(taken.map(\.taskID) == ["early", "held"])
        await store.end()
    }

    @Test func `files of consumers that are in no table are deleted, those of open ones stay`() async throws {
        let store = try await TemporaryStore()
        let consumer = try await store.consumer("q")
        let own = try #require(consumer.journal?.path)
        let folder = store.path + "-run/"
        for name in ["orphan.lock", "orphan.starts", "lone.starts"] {
            #expect(FileManager.default.createFile(atPath: folder + name, contents: Data()))
        }
        let opening = try LockFile.create(at: folder + "opening.lock")
        let rounds = KeeperRounds(keeper: try #require(store.transport as? SQLiteTransport).store.keeper)
        try rounds.removeOrphans()
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left.filter { $0.hasPrefix("orphan") || $0.hasPrefix("lone") } == [])
        #expect(left.contains("opening.lock"), "a consumer that is just being opened holds its lock")
        #expect(FileManager.default.fileExists(atPath: own))
        opening.remove()
        try await consumer.close()
        #expect(!FileManager.default.fileExists(atPath: own))
        await store.end()
    }

    @Test func `a file of version 1 is taken over with what it holds`() async throws {
        let folder = try TemporaryStore.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/celery.sqlite"
        let (transport, backend) = try await TemporaryStore.open(path)
        try await transport.publish([TemporaryStore.message("m")], timeout: .seconds(5))
        await transport.shutdown()
        await backend.shutdown()
        try await DatabaseQueue.patient(path)
            .write { database in
                // As a killed worker of that version left it: begun early under an epoch that nobody renews.
                try database.execute(
                    sql: """
                        INSERT INTO epoch(id, token, name, queues, seen, lease) VALUES(7, 'gone', 'old', 'q', 0, 1000000);
                        INSERT INTO held(tag, message, begun) SELECT 7 << 40 | 1, message, 1 FROM ready;
                        DELETE FROM ready;
                        DROP TABLE chord; DROP TABLE chord_part; DROP TABLE task_group;
                        DROP TABLE listener; DROP TABLE broadcast; DROP INDEX revocation_expires;
                        PRAGMA user_version = 1;
                        """
                )
            }
        let (later, results) = try await TemporaryStore.open(path)
        let consumer = try await later.openConsumer(
            ConsumerConfiguration(name: "new", queues: ["q"], lease: .seconds(1), renewal: .milliseconds(250))
        )
        let taken = try await consumer.receive(upTo: 10)
        #expect(taken.map(\.kind) == [.obituary])
        #expect(taken.map(\.taskID) == ["m"])
        try await results.storeGroup("g", [["g", nil], []], expires: nil)
        #expect(try await results.fetchGroup("g") == [["g", nil], []])
        try await consumer.close()
        await later.shutdown()
        await results.shutdown()
    }

    @Test func `a file of version 4 gets what finds expired revocations, and keeps the others`() async throws {
        let folder = try TemporaryStore.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/celery.sqlite"
        let (transport, backend) = try await TemporaryStore.open(path)
        let entries = [("gone", -1), ("kept", 60)]
            .map {
                Revocation(taskID: $0, terminate: false, signal: "SIGTERM", expires: .now.advanced(by: .seconds($1)))
            }
        try await transport.revocations?.revoke(entries)
        await transport.shutdown()
        await backend.shutdown()
        try await DatabaseQueue.patient(path)
            .write { try $0.execute(sql: "DROP INDEX revocation_expires; PRAGMA user_version = 4") }
        let (later, results) = try await TemporaryStore.open(path)
        try await later.revocations?.revoke([entries[1]])
        #expect(try await later.revocations?.revocations(after: 0).entries.map(\.taskID) == ["kept"])
        let plan = try DatabaseQueue.patient(path)
            .read { try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN DELETE FROM revocation WHERE expires <= 1") }
        #expect(plan.contains { "\($0)".contains("revocation_expires") }, "\(plan)")
        await later.shutdown()
        await results.shutdown()
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CelerySQLite
import CeleryTesting
import CeleryWire
import Foundation
import GRDB
import Testing

@Suite(.timeLimit(.minutes(3))) struct FailureTests {
    @Test func `a file locked for too long is a timely error that names it, and nobody is swept`() async throws {
        let store = try await TemporaryStore()
        try await store.publish(["a", "b"])
        let holder = try await store.consumer("q", lease: .seconds(1))
        let held = try await store.take(1, from: holder)
        let other = try await TemporaryStore.open(store.path, isShared: false)
        let rival = try await other.0.openConsumer(
            ConsumerConfiguration(name: "rival", queues: ["elsewhere"], lease: .seconds(1), renewal: .milliseconds(250))
        )
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        // A lease may be renewed just now.
        configuration.busyMode = .timeout(5)
        let blocker = try DatabaseQueue(path: store.path, configuration: configuration)
        try await blocker.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
        let start = ContinuousClock.now
        let error = await #expect(throws: TransportError.self) {
            try await store.transport.publish([TemporaryStore.message("c")], timeout: .milliseconds(300))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains(store.path) == true)
        #expect((.milliseconds(250)...(.seconds(2))).contains(ContinuousClock.now - start))
        // sleeps: the lock is held for three leases.
        try await Task.sleep(until: start + .seconds(3))
        try await blocker.writeWithoutTransaction { try $0.rollback() }
        // Three leases without a renewal by anybody: nobody is dead.
        try await holder.settle([Settlement(held[0].tag, .acknowledge)])
        #expect(try await store.take(1, from: holder).map(\.taskID) == ["b"])
        try await rival.close()
        await other.0.shutdown()
        await other.1.shutdown()
        await store.end()
    }

    @Test(.enabled(if: getuid() == 0, "mounting a small tmpfs needs root"))
    func `a full disk is an error, nothing is lost, and room makes it work again`() async throws {
        let folder = try TemporaryStore.makeFolder()
        try run("/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder)
        defer { try? run("/bin/umount", "-l", folder) }
        let path = folder + "/celery.sqlite"
        let (transport, backend) = try await TemporaryStore.open(path)
        let consumer = try await transport.openConsumer(ConsumerConfiguration(name: "c", queues: ["q"]))
        var published = 0
        let failure = await #expect(throws: TransportError.self) {
            while published < 1000 {
                var outgoing = TemporaryStore.message("m\(published)")
                outgoing.message.body = Array(repeating: 65, count: 20_000)
                try await transport.publish([outgoing], timeout: .seconds(5))
                published += 1
            }
        }
        #expect(failure?.code == .full)
        #expect(failure?.message.contains(path) == true)
        #expect(failure?.isTransient == true)
        #expect(published > 10)
        #expect(try await transport.status(of: ["q"]).first?.ready == published)
        try run("/bin/mount", "-o", "remount,size=16m", folder)
        try await transport.publish([TemporaryStore.message("last")], timeout: .seconds(5))
        var taken: [String] = []
        while taken.count <= published {
            let batch = try await consumer.receive(upTo: 100)
            try await consumer.settle(batch.map { Settlement($0.tag, .acknowledge) })
            taken += batch.map(\.taskID)
        }
        #expect(taken == (0..<published).map { "m\($0)" } + ["last"])
        await transport.shutdown()
        await backend.shutdown()
    }

    @Test func `a newer schema is refused with both versions`() async throws {
        let store = try await TemporaryStore()
        try await DatabaseQueue.patient(store.path)
            .writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 99") }
        let error = await #expect(throws: TransportError.self) {
            _ = try await TemporaryStore.open(store.path, isShared: false)
        }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("version 99") == true)
        await store.end()
    }

    @Test func `somebody else's database is left alone`() async throws {
        let folder = try TemporaryStore.makeFolder()
        let path = folder + "/theirs.sqlite"
        try await DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE precious(x)") }
        let error = await #expect(throws: TransportError.self) { _ = try await TemporaryStore.open(path) }
        #expect(error?.code == .misconfigured)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `what is no database is refused`() async throws {
        let folder = try TemporaryStore.makeFolder()
        let path = folder + "/text.sqlite"
        try String(repeating: "no database at all. ", count: 500).write(toFile: path, atomically: true, encoding: .utf8)
        let error = await #expect(throws: TransportError.self) { _ = try await TemporaryStore.open(path) }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains(path) == true)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `a folder that does not exist is named`() async throws {
        let error = await #expect(throws: TransportError.self) {
            _ = try await TemporaryStore.open("/nonexistent/folder/celery.sqlite")
        }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("/nonexistent/folder/celery.sqlite") == true)
    }

    @Test func `after shutdown every call says so`() async throws {
        let store = try await TemporaryStore()
        await store.end()
        let error = await #expect(throws: TransportError.self) {
            try await store.transport.publish([TemporaryStore.message("a")], timeout: .seconds(5))
        }
        #expect(error?.code == .closed)
        let other = await #expect(throws: TransportError.self) {
            _ = try await store.backend.wait(for: "a", timeout: .seconds(5))
        }
        #expect(other?.code == .closed)
    }

    private func run(_ command: String...) throws {
        let process = try Process.run(URL(filePath: command[0]), arguments: Array(command.dropFirst()))
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CheckFailure("\(command) failed") }
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryTesting
import CeleryWire
import Foundation
import Testing

@Suite(.timeLimit(.minutes(3))) struct ProcessTests {
    @Test func `what a killed process held comes back within seconds`() async throws {
        let store = try await TemporaryStore()
        try await store.publish(["a", "b"])
        let child = try await WorkerProcess(store.path)
        #expect(await child.ask("open 10000 q") == "opened")
        #expect(await child.ask("take 2") == "took a b")
        let heir = try await store.consumer("q")
        child.signal(SIGKILL)
        let start = ContinuousClock.now
        let again = try await store.take(2, from: heir)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(again.map(\.taskID) == ["a", "b"])
        #expect(again.map(\.attempt) == [2, 2])
        #expect(again.map(\.deaths) == [0, 0])
        await store.end()
    }

    @Test(arguments: ["early", "late"]) func `what a killed process was running ends or comes back`(_ mode: String)
        async throws
    {
        let store = try await TemporaryStore()
        try await store.publish(["a"])
        let child = try await WorkerProcess(store.path)
        _ = await child.ask("open 10000 q")
        #expect(await child.ask("take 1") == "took a")
        #expect(await child.ask("begin \(mode)") == "begun")
        child.signal(SIGKILL)
        let heir = try await store.consumer("q")
        let again = try await store.take(1, from: heir)
        #expect(again.map(\.kind) == [mode == "early" ? .obituary : .task])
        #expect(again.map(\.deaths) == [1])
        await store.end()
    }

    @Test func `a process stopped for three leases has lost its epoch`() async throws {
        let store = try await TemporaryStore()
        try await store.publish(["a"])
        let child = try await WorkerProcess(store.path)
        _ = await child.ask("open 1000 q")
        #expect(await child.ask("take 1") == "took a")
        let heir = try await store.consumer("q", lease: .seconds(1))
        child.signal(SIGSTOP)
        let start = ContinuousClock.now
        let again = try await store.take(1, from: heir)
        #expect(ContinuousClock.now - start >= .milliseconds(700))
        #expect(again.map(\.attempt) == [2])
        // sleeps: the process stays stopped for three leases.
        try await Task.sleep(until: start + .seconds(3))
        child.signal(SIGCONT)
        #expect(await child.ask("acknowledge") == "error epochLost")
        #expect(await child.ask("begin late") == "error epochLost")
        #expect(await child.ask("take 1") == "error epochLost")
        try await heir.settle([Settlement(again[0].tag, .acknowledge)])
        await store.end()
    }

    @Test func `two processes take disjoint messages`() async throws {
        let store = try await TemporaryStore()
        let ids = (0..<400).map { "m\($0)" }
        try await store.publish(ids)
        let children = [try await WorkerProcess(store.path), try await WorkerProcess(store.path)]
        for child in children { _ = await child.ask("open 10000 q") }
        for child in children { child.tell("take 200") }
        var taken: [String] = []
        for child in children { taken += await child.reply().split(separator: " ").dropFirst().map(String.init) }
        #expect(taken.count == 400)
        #expect(Set(taken) == Set(ids))
        await store.end()
    }

    @Test func `killing workers at any instant loses nothing and settles nothing twice`() async throws {
        let store = try await TemporaryStore()
        let ids = (0..<1500).map { "m\($0)" }
        try await store.publish(ids)
        for round in 0..<12 {
            let child = try await WorkerProcess(store.path)
            _ = await child.ask("open 10000 q")
            child.tell("work 5 done")
            // sleeps: kills at a different moment in each round.
            try await Task.sleep(for: .milliseconds(5 * (round % 6)))
            child.signal(SIGKILL)
        }
        let heir = try await WorkerProcess(store.path)
        _ = await heir.ask("open 10000 q")
        heir.tell("work 64 done")
        let reader = try await store.consumer("done")
        let done = try await store.take(ids.count, from: reader).map(\.taskID)
        #expect(done.count == ids.count)
        #expect(Set(done) == Set(ids))
        await store.end()
    }

    @Test func `another process is woken by a bell, not by the slow look`() async throws {
        let store = try await TemporaryStore()
        let child = try await WorkerProcess(store.path)
        let consumer = try await store.consumer("q")
        var waits: [Duration] = []
        for number in 0..<15 {
            async let taken = store.take(1, from: consumer)
            try await Task.sleep(for: .milliseconds(20))
            let start = ContinuousClock.now
            #expect(await child.ask("publish 1 m\(number). q") == "published")
            let delivery = try await taken
            waits.append(ContinuousClock.now - start)
            try await consumer.settle([Settlement(delivery[0].tag, .acknowledge)])
        }
        #expect(waits.sorted()[7] < .milliseconds(200))
        await store.end()
    }

    @Test func `a waiting process is told of a result by another`() async throws {
        let store = try await TemporaryStore()
        let other = try await TemporaryStore.open(store.path, isShared: false)
        var waits: [Duration] = []
        for number in 0..<9 {
            async let waited = store.backend.wait(for: "a\(number)", timeout: .seconds(30))
            try await Task.sleep(for: .milliseconds(20))
            let result = StoredResult(TaskMeta(taskID: "a\(number)", state: .success), expires: .seconds(60))
            try await other.1.store([result], timeout: .seconds(5))
            let start = ContinuousClock.now
            #expect(try await waited?.state == .success)
            waits.append(ContinuousClock.now - start)
        }
        #expect(waits.sorted()[4] < .milliseconds(200))
        await other.0.shutdown()
        await other.1.shutdown()
        await store.end()
    }

    @Test func `an idle worker sleeps`() async throws {
        let store = try await TemporaryStore()
        let child = try await WorkerProcess(store.path)
        _ = await child.ask("open 10000 q")
        child.tell("take 1")
        // sleeps: start-up is over before counting begins.
        try await Task.sleep(for: .seconds(1))
        let before = try wakeUps(of: child.identifier)
        // sleeps: the span that is counted.
        try await Task.sleep(for: .seconds(4))
        let count = try wakeUps(of: child.identifier) - before
        #expect(count <= 40, "\(count) wake-ups in four seconds")
        await store.end()
    }

    /// Voluntary context switches of all threads of a process.
    private func wakeUps(of process: Int32) throws -> Int {
        let folder = "/proc/\(process)/task"
        var sum = 0
        for thread in try FileManager.default.contentsOfDirectory(atPath: folder) {
            // A thread may have ended since it was listed.
            let status = (try? String(contentsOfFile: "\(folder)/\(thread)/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches") }
            sum += line.flatMap { Int($0.split(separator: "\t").last ?? "") } ?? 0
        }
        return sum
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Foundation
import Testing

@testable import CeleryWorker

/// Jobs that are handed to busy children, and taken back.
@Suite("Jobs handed ahead", .serialized, .timeLimit(.minutes(5)))
struct HandAheadTests {
    /// A pool with a journal, whose jobs have permits.
    private func withJournal(
        slots: Int,
        _ adjust: (inout PreforkConfiguration) -> Void = { _ in },
        _ body: (PreforkPool, PoolRecorder, StartJournal, (UInt64, String) throws -> PoolJob) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("starts-\(UUID().uuidString)").path
        let journal = try StartJournal(creatingAt: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let pool = try preforkPool(slots: slots) {
            // A busy machine may hold up a child for longer than a pool waits.
            $0.patience = .milliseconds(200)
            adjust(&$0)
        }
        try await withPool(pool) { pool, recorder in
            try await body(pool, recorder, journal) { number, task in
                var job = job(number, task)
                let ticket = try journal.offer(BeginMark(DeliveryTag(number), .late), run: number)
                job.permit = StartPermit(journal: journal, ticket: ticket)
                return job
            }
        }
    }

    @Test("Of ten thousand jobs handed ahead each runs once or comes back, and the journal knows which")
    func once() async throws {
        try await withJournal(slots: 2) { pool, recorder, journal, make in
            for batch in 0..<200 {
                pool.submit(try (0..<50).map { try make(UInt64(batch * 50 + $0), "echo") })
                try await eventually { recorder.finished.count + recorder.returned.count >= batch * 50 }
            }
            try await eventually { recorder.finished.count + recorder.returned.count == 10_000 }
            #expect(Set(recorder.finished.keys).isDisjoint(with: recorder.returned))
            #expect(recorder.finished.count > 5000)
            // What came back was withdrawn: only what ran is left.
            #expect(Set(journal.seal().keys.map { JobID($0.rawValue) }) == Set(recorder.finished.keys))
        }
    }

    /// Has each child run short jobs until the pool knows them to be short: on a busy machine one may take long for once.
    private func warmUp(_ pool: PreforkPool, _ recorder: PoolRecorder) async throws {
        let slots = UInt64(pool.slots)
        var (round, inARow) = (UInt64(0), 0)
        while inARow < 24, round < 2000 {
            let jobs = (0..<slots).map { job(1_000_000 + round * slots + $0, "echo") }
            pool.submit(jobs)
            try await eventually { jobs.allSatisfy { recorder.finished[$0.id] != nil } }
            let areShort = jobs.allSatisfy { recorder.finished[$0.id]?.runtime ?? .seconds(1) < .microseconds(500) }
            (round, inARow) = (round + 1, areShort ? inARow + 1 : 0)
        }
        try #require(inARow == 24, "the machine is too busy for short jobs")
    }

    @Test("What waits behind a long job comes back though no other child is idle, and is not handed to it again")
    func shared() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            try await warmUp(pool, recorder)
            pool.submit(try [make(1, "sleepUntilCancelled"), make(2, "echo"), make(3, "echo")])
            // The youngest first: put back in front one by one, they stand in order again.
            try await eventually { recorder.returned == [JobID(3), JobID(2)] }
            let goes = recorder.events.filter { if case .returned = $0 { true } else { false } }
            #expect(goes.count == 1, "told one by one, the younger could be submitted again before the older is back")
            pool.submit([try make(4, "echo")])
            pool.cancel(JobID(1), .shutdown)
            // A child that is slow to take it, as on a busy machine, gives it back once more.
            try await eventually { recorder.finished[JobID(4)] != nil || recorder.returned.contains(JobID(4)) }
            #expect(recorder.finished[JobID(1)] != nil)
            #expect(journal.seal().keys.contains(DeliveryTag(4)) == (recorder.finished[JobID(4)] != nil))
        }
    }

    @Test("A child that stops before it says that it runs gives back all that it was handed, and gets no more")
    func stoppedChild() async throws {
        try await withJournal(slots: 2) { pool, recorder, journal, make in
            try await warmUp(pool, recorder)
            for pid in pool.processes { kill(pid, SIGSTOP) }
            try await eventually { pool.processes.allSatisfy { isStopped($0) } }
            pool.submit(try (1...8).map { try make($0, "echo") })
            try await eventually { Set(recorder.returned).count == 8 }
            let (runs, stopped) = (pool.processes[0], pool.processes[1])
            kill(runs, SIGCONT)
            // The one that goes on takes them, but for what waits in it for too long, which on a busy machine may be all of
            // them for a while; the other has none.
            for first in stride(from: UInt64(11), to: 411, by: 4) {
                let jobs = first..<first + 4
                pool.submit(try jobs.map { try make($0, "echo") })
                try await eventually {
                    let ended = Set(recorder.finished.keys).union(recorder.returned)
                    return jobs.allSatisfy { ended.contains(JobID($0)) }
                }
                if jobs.contains(where: { recorder.accepted[JobID($0)] == runs }) { break }
            }
            let takers = (UInt64(11)..<411).compactMap { recorder.accepted[JobID($0)] }
            #expect(takers.contains(runs) && !takers.contains(stopped))
            kill(stopped, SIGCONT)
            pool.submit([try make(500, "echo")])
            try await eventually { recorder.finished[JobID(500)] != nil }
        }
    }

    @Test("A pool that is stopped ends even if its last jobs only come back")
    func stopsAfterRecall() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            let pid = pool.processes[0]
            kill(pid, SIGSTOP)
            try await eventually { isStopped(pid) }
            pool.submit([try make(1, "echo")])
            pool.stop()
            pool.recall(JobID(1))
            try await eventually { recorder.returned == [JobID(1)] }
            // The child cannot hear that it may go; the pool waits for it a few seconds, then kills it.
        }
    }

    @Test("Large requests handed ahead do not pile up in the parent")
    func largeRequests() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            try await warmUp(pool, recorder)
            let body = [UInt8](repeating: 42, count: 100_000)
            let (before, warm) = (residentKiB(), recorder.finished.count)
            var sent: UInt64 = 0
            while sent < 6000 {
                let batch = try (0..<16)
                    .map { _ in
                        sent += 1
                        var job = try make(sent, "size")
                        job.request.message.body = body
                        return job
                    }
                pool.submit(batch)
                try await eventually { recorder.finished.count + recorder.returned.count - warm >= Int(sent) - 12 }
            }
            // Six hundred megabytes went through.
            #expect(residentKiB() - before < 200_000)
        }
    }

    private func residentKiB() -> Int {
        let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4
    }

    @Test("Killing a job takes back what waits behind it first: no innocent neighbour is lost")
    func killSpares() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            try await warmUp(pool, recorder)
            pool.submit(try [make(1, "spin"), make(2, "echo"), make(3, "echo")])
            try await eventually { recorder.accepted[JobID(1)] != nil }
            pool.kill(JobID(1), .hardTimeLimit(1))
            try await eventually { recorder.lost.count == 1 && recorder.returned.count == 2 }
            #expect(recorder.lost[JobID(1)]?.cause == .hardTimeLimit(1))
            #expect(Set(recorder.returned) == [JobID(2), JobID(3)])
            #expect(journal.seal() == [DeliveryTag(1): .late])
        }
    }

    @Test("A child's death loses what ran and returns what waited")
    func death() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            try await warmUp(pool, recorder)
            pool.submit(try [make(1, "spin"), make(2, "echo"), make(3, "echo")])
            try await eventually { recorder.accepted[JobID(1)] != nil }
            kill(recorder.accepted[JobID(1)] ?? 0, SIGKILL)
            try await eventually { recorder.lost.count == 1 && recorder.returned.count == 2 }
            #expect(Array(recorder.lost.keys) == [JobID(1)])
        }
    }

    @Test("Recalling gives back what has not started, now and later; what runs goes on")
    func recall() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            try await warmUp(pool, recorder)
            pool.submit(try [make(1, "sleepUntilCancelled"), make(2, "echo"), make(3, "echo")])
            try await eventually { recorder.accepted[JobID(1)] != nil }
            pool.recall(JobID(3))
            try await eventually { recorder.returned.contains(JobID(3)) }
            pool.recallAll()
            try await eventually { Set(recorder.returned) == [JobID(2), JobID(3)] }
            pool.submit([try make(4, "echo")])
            try await eventually { recorder.returned.contains(JobID(4)) }
            pool.cancel(JobID(1), .shutdown)
            try await eventually { recorder.finished[JobID(1)] != nil }
            pool.submit([try make(5, "echo")])
            try await eventually { recorder.finished[JobID(5)] != nil }
        }
    }

    @Test("Behind a seal every job is declined and comes back; the children live on")
    func sealed() async throws {
        try await withJournal(slots: 2) { pool, recorder, journal, make in
            let pids = pool.processes
            let jobs = try (1...5).map { try make($0, "echo") }
            _ = journal.seal()
            pool.submit(jobs)
            try await eventually { recorder.returned.count == 5 }
            #expect(recorder.accepted.isEmpty)
            pool.submit([job(6, "echo")])
            try await eventually { recorder.finished.count == 1 }
            #expect(pool.processes == pids)
        }
    }

    @Test("A child that cannot open the journal starts nothing, and is replaced")
    func missing() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            let pids = pool.processes
            let jobs = [try make(1, "echo")]
            try FileManager.default.removeItem(atPath: journal.path)
            pool.submit(jobs)
            try await eventually { recorder.returned == [JobID(1)] }
            try await eventually { pool.processes.count == 1 && pool.processes != pids }
            pool.submit([job(2, "echo")])
            try await eventually { recorder.finished.count == 1 }
        }
    }

    @Test("A job that has expired by the time its child gets to it comes back instead of running")
    func expires() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            var late = try make(1, "echo")
            late.request.message.headers.expires = Timestamp.now.advanced(by: .milliseconds(-1)).iso8601
            pool.submit([late, try make(2, "echo")])
            try await eventually { recorder.returned == [JobID(1)] && recorder.finished[JobID(2)] != nil }
            #expect(recorder.accepted[JobID(1)] == nil)
        }
    }

    @Test("No child is handed more than it may run, and none where memory is limited")
    func limits() async throws {
        try await withJournal(slots: 1) {
            $0.maxTasksPerChild = 3
        } _: { pool, recorder, journal, make in
            pool.submit(try (1...9).map { try make($0, "echo") })
            try await eventually { recorder.finished.count == 9 }
            #expect(Set(recorder.accepted.values).count == 3)
        }
        let pool = try preforkPool(slots: 2) { $0.maxMemoryPerChild = 500_000 }
        #expect(pool.reach == 2)
    }

    @Test("What is too large for its child fails though others wait before and behind it")
    func tooLarge() async throws {
        try await withJournal(slots: 1) {
            $0.frameLimit = 1 << 20
        } _: { pool, recorder, journal, make in
            var large = try make(2, "mirror")
            large.request.message.body = [UInt8](repeating: 1, count: 2 << 20)
            // First of all, so that the frame that names the journal goes before it.
            pool.submit([large, try make(1, "sleep"), try make(3, "echo")])
            try await eventually { recorder.finished.count == 3 }
            guard case .failure(let failure) = recorder.finished[JobID(2)]?.outcome else {
                Issue.record("it did not fail")
                return
            }
            #expect(failure.exception.type == "EncodeError")
        }
    }
}

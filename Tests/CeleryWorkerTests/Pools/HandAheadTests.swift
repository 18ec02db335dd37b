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
        try await withPool(preforkPool(slots: slots, adjust)) { pool, recorder in
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

    @Test("What waits behind a long job comes back for an idle child, and is not run by the first")
    func shared() async throws {
        try await withJournal(slots: 2) { pool, recorder, journal, make in
            pool.submit([try make(1, "sleepUntilCancelled"), try make(2, "sleep")])
            try await eventually { recorder.accepted.count == 2 }
            pool.submit(try (3...8).map { try make($0, "echo") })
            // Each time half of what waits comes back; submitted anew, under a new number, it is taken by the idle child.
            var handled = 0
            var number: UInt64 = 100
            try await eventually {
                let returned = recorder.returned
                for _ in returned[handled...] {
                    number += 1
                    guard let again = try? make(number, "echo") else { continue }
                    pool.submit([again])
                }
                handled = returned.count
                return recorder.finished.count == 7
            }
            #expect(recorder.accepted[JobID(1)] != recorder.accepted[JobID(2)])
            let first = recorder.accepted[JobID(1)]
            #expect(recorder.accepted.filter { $0.value == first }.count == 1)
            pool.cancel(JobID(1), .shutdown)
            try await eventually { recorder.finished.count == 8 }
        }
    }

    @Test("Killing a job takes back what waits behind it first: no innocent neighbour is lost")
    func killSpares() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
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
            pool.submit(try [make(1, "sleepUntilCancelled"), make(2, "echo"), make(3, "echo")])
            try await eventually { recorder.accepted[JobID(1)] != nil }
            pool.recall(JobID(3))
            try await eventually { recorder.returned == [JobID(3)] }
            pool.recallAll()
            try await eventually { Set(recorder.returned) == [JobID(2), JobID(3)] }
            pool.submit([try make(4, "echo")])
            try await eventually { recorder.returned.contains(JobID(4)) }
            pool.cancel(JobID(1), .shutdown)
            try await eventually { recorder.finished.count == 1 }
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

    @Test("With a journal that is gone nothing starts")
    func missing() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            let jobs = [try make(1, "echo")]
            try FileManager.default.removeItem(atPath: journal.path)
            pool.submit(jobs)
            try await eventually { recorder.returned == [JobID(1)] }
        }
    }

    @Test("A job that expires while it waits comes back instead of running")
    func expires() async throws {
        try await withJournal(slots: 1) { pool, recorder, journal, make in
            var late = try make(2, "echo")
            late.request.message.headers.expires = Timestamp.now.advanced(by: .milliseconds(20)).iso8601
            pool.submit([try make(1, "sleepUntilCancelled"), late])
            try await eventually { recorder.accepted[JobID(1)] != nil }
            try await eventually { Timestamp(iso8601: late.request.message.headers.expires ?? "") ?? .now < .now }
            pool.cancel(JobID(1), .shutdown)
            try await eventually { recorder.returned == [JobID(2)] }
            #expect(Array(recorder.finished.keys) == [JobID(1)])
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
            pool.submit([try make(1, "sleep"), large, try make(3, "echo")])
            try await eventually { recorder.finished.count == 3 }
            guard case .failure(let failure) = recorder.finished[JobID(2)]?.outcome else {
                Issue.record("it did not fail")
                return
            }
            #expect(failure.exception.type == "EncodeError")
        }
    }
}

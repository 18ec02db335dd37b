//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Ordinary life: jobs, results, limits, resizing, stopping.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct PreforkPoolTests {
    @Test("Ten thousand jobs run once each, in the children")
    func everyJobOnce() async throws {
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            #expect(pool.processes.count == 2)
            pool.submit((0..<10_000).map { job($0, "echo") })
            try await eventually { recorder.finished.count == 10_000 }
            #expect(recorder.events.count == 20_000)
            #expect(recorder.value(4711) == "job-4711")
            #expect(Set(recorder.accepted.values) == Set(pool.processes))
        }
    }

    @Test("A request keeps every field on its way to the child and back")
    func mirror() async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, "mirror", body: Array(0...255))])
            try await eventually { recorder.finished.count == 1 }
            #expect(recorder.value(1) == .bytes(Array(0...255)))
        }
    }

    @Test("Fifty megabytes go down while fifty come up")
    func large() async throws {
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            let body = [UInt8](repeating: 42, count: 50_000_000)
            pool.submit((1...4).map { job($0, "mirror", body: body) })
            try await eventually(within: .seconds(60)) { recorder.finished.count == 4 }
            #expect((1...4).allSatisfy { recorder.value($0) == .bytes(body) })
        }
    }

    @Test("What does not fit into a frame fails with a typed error, and the child lives on")
    func tooLarge() async throws {
        let pool = try preforkPool(slots: 1) { $0.frameLimit = 1 << 20 }
        try await withPool(pool) { pool, recorder in
            let pids = pool.processes
            pool.submit([
                job(1, "mirror", body: [UInt8](repeating: 1, count: 2 << 20)),
                job(2, "bytes", custom: ["count": .int(2 << 20)]),
                job(3, "echo"),
            ])
            try await eventually { recorder.finished.count == 3 }
            for number in [UInt64(1), 2] {
                guard case .failure(let failure) = recorder.finished[JobID(number)]?.outcome else {
                    Issue.record("job \(number) did not fail")
                    continue
                }
                #expect(failure.exception.type == "EncodeError")
                #expect(failure.exception.message.contains("does not fit"))
            }
            #expect(recorder.value(3) == "job-3")
            #expect(pool.processes == pids)
        }
    }

    @Test("A soft limit reaches a task that awaits, and one that spins", arguments: ["sleep", "spin"])
    func softLimit(_ kind: String) async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, "\(kind)UntilCancelled")])
            try await eventually { recorder.accepted.count == 1 }
            pool.cancel(JobID(1), .softTimeLimit(0.5))
            try await eventually { recorder.finished.count == 1 }
            #expect(recorder.value(1) == "softTimeLimit(0.5)")
            pool.submit([job(2, "echo")])
            try await eventually { recorder.finished.count == 2 }
            #expect(recorder.lost.isEmpty)
        }
    }

    @Test("A job that is cancelled before it starts learns it when it does")
    func cancelEarly() async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, "sleepUntilCancelled"), job(2, "sleepUntilCancelled")])
            pool.cancel(JobID(2), .terminated)
            try await eventually { recorder.accepted[JobID(1)] != nil }
            pool.cancel(JobID(1), .shutdown)
            try await eventually { recorder.finished.count == 2 }
            #expect(recorder.value(1) == "shutdown")
            #expect(recorder.value(2) == "terminated")
        }
    }

    @Test("A child is replaced after so many tasks")
    func maxTasks() async throws {
        let restarts = getenv("CELERY_POOL_RESTARTS").flatMap { UInt64(String(cString: $0)) } ?? 50
        let before = openDescriptors()
        let pool = try preforkPool(slots: 2) { $0.maxTasksPerChild = 1 }
        try await withPool(pool) { pool, recorder in
            pool.submit((0..<restarts).map { job($0, "pid") })
            try await eventually(within: .seconds(110)) { recorder.finished.count == restarts }
            let used = Set(recorder.accepted.values)
            #expect(used.count == restarts, "every job has a child of its own")
            try await eventually { used.allSatisfy { kill($0, 0) != 0 } }
            #expect(openDescriptors() <= before + 20)
        }
        try await eventually { openDescriptors() <= before + 5 }
    }

    @Test("A child above its memory limit is replaced after its task")
    func maxMemory() async throws {
        let pool = try preforkPool(slots: 1) { $0.maxMemoryPerChild = 200_000 }
        try await withPool(pool) { pool, recorder in
            pool.submit([job(1, "echo"), job(2, "allocate", custom: ["MiB": 250]), job(3, "echo")])
            try await eventually { recorder.finished.count == 3 }
            #expect(recorder.accepted[JobID(1)] == recorder.accepted[JobID(2)])
            #expect(recorder.accepted[JobID(2)] != recorder.accepted[JobID(3)])
        }
    }

    @Test("A child at twice its memory limit is killed within its task")
    func memoryKill() async throws {
        let pool = try preforkPool(slots: 1) { $0.maxMemoryPerChild = 100_000 }
        try await withPool(pool) { pool, recorder in
            pool.submit([job(1, "allocate", custom: ["MiB": 300, "spin": true])])
            try await eventually { recorder.lost.count == 1 }
            guard case .memory(let kibibytes) = recorder.lost[JobID(1)]?.cause else {
                Issue.record("no memory cause: \(String(describing: recorder.lost))")
                return
            }
            #expect(kibibytes > 200_000)
        }
    }

    @Test("The pool grows and shrinks under load, and nothing is lost")
    func resize() async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            for round in UInt64(0)..<12 {
                pool.submit((round * 50..<round * 50 + 50).map { job($0, "sleep", custom: ["ms": 1]) })
                pool.resize(to: [4, 1, 3, 2][Int(round % 4)])
                try await eventually { recorder.finished.count > Int(round) * 20 }
            }
            try await eventually { recorder.finished.count == 600 }
            try await eventually { pool.processes.count == 2 }
            #expect(pool.slots == 2)
            #expect(recorder.lost.isEmpty)
        }
    }

    @Test("Stop ends the children in order and leaves nothing behind")
    func stop() async throws {
        var pids: [Int32] = []
        let before = openDescriptors()
        try await withPool(preforkPool(slots: 3)) { pool, recorder in
            pids = pool.processes
            pool.submit((0..<30).map { job($0, "sleep", custom: ["ms": 2]) })
            try await eventually { recorder.accepted.count >= 3 }
            pool.stop()
            try await eventually { recorder.finished.count == 30 }
        }
        #expect(pids.count == 3)
        #expect(pids.allSatisfy { kill($0, 0) != 0 }, "each was waited for")
        #expect(openDescriptors() <= before)
    }

    @Test("Cancelling run kills the children, reports what ran and returns what did not")
    func cancelRun() async throws {
        let pool = try preforkPool(slots: 1)
        let recorder = PoolRecorder()
        let run = Task { try await pool.run(ready: { recorder.becomeReady() }, events: { recorder.record($0) }) }
        try await eventually { recorder.isReady }
        pool.submit([job(1, "spin"), job(2, "echo"), job(3, "echo")])
        try await eventually { recorder.accepted.count == 1 }
        let pids = pool.processes
        run.cancel()
        try await run.value
        #expect(recorder.lost[JobID(1)]?.cause == .shutdown)
        #expect(Set(recorder.returned) == [JobID(2), JobID(3)])
        #expect(pids.allSatisfy { kill($0, 0) != 0 })
        pool.submit([job(4, "echo")])
        #expect(recorder.returned.contains(JobID(4)))
    }

    @Test("A child has the standard descriptors and its two sockets, no blocked signal, and no mark to pass on")
    func cleanStart() async throws {
        let leak = open("/dev/null", O_RDONLY)
        defer { close(leak) }
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, "descriptors"), job(2, "signals"), job(3, "environment"), job(4, "mainActor")])
            try await eventually { recorder.finished.count == 4 }
            guard case .array(let open) = recorder.value(1) else {
                Issue.record("no list of descriptors")
                return
            }
            #expect(Array(open.prefix(5)) == [0, 1, 2, 3, 4])
            // Swift's own event descriptors may follow; the parent's many sockets and files do not.
            #expect(open.count <= 8)
            #expect(recorder.value(2) == [0, true])
            #expect(recorder.value(3) == "none")
            #expect(recorder.value(4) == true)
        }
    }
}

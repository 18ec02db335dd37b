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
import Dispatch
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Children that die, hang, lie, or are orphaned.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct PreforkDeathTests {
    @Test(
        "A child that dies under a task loses that task only, and is replaced",
        arguments: [("trap", "signal "), ("exit", "exitcode 3")]
    )
    func dies(_ task: String, _ reason: String) async throws {
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            pool.submit([job(1, task), job(2, "sleep", custom: ["ms": 50]), job(3, "echo"), job(4, "echo")])
            try await eventually { recorder.finished.count == 3 && recorder.lost.count == 1 }
            let loss = recorder.lost[JobID(1)]
            #expect(loss?.reason.hasPrefix(reason) == true, "\(String(describing: loss))")
            #expect(loss?.pid == recorder.accepted[JobID(1)])
            #expect(loss?.cause == nil)
            try await eventually { pool.processes.count == 2 }
        }
    }

    @Test("A trap with a backtrace holds up its own job only")
    func backtrace() async throws {
        try await withPool(preforkPool(slots: 2, backtrace: true)) { pool, recorder in
            pool.submit([job(0, "trap")])
            try await eventually { recorder.accepted.count == 1 }
            pool.submit((1...100).map { job($0, "echo") })
            try await eventually { recorder.finished.count == 100 }
            try await eventually { recorder.lost.count == 1 }
        }
    }

    @Test("kill -9 of a running child is reported as such at once, and the next job runs")
    func killRunning() async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, "spin"), job(2, "echo")])
            try await eventually { recorder.accepted[JobID(1)] != nil }
            kill(recorder.accepted[JobID(1)] ?? 0, SIGKILL)
            try await eventually { recorder.finished.count == 1 }
            #expect(recorder.lost[JobID(1)]?.reason == "signal 9 (SIGKILL)")
            #expect(recorder.lost[JobID(1)]?.cause == nil)
        }
    }

    @Test("An idle child that is killed is replaced, and no job is touched")
    func killIdle() async throws {
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            let old = pool.processes
            for pid in old { kill(pid, SIGKILL) }
            try await eventually { pool.processes.count == 2 && Set(pool.processes).isDisjoint(with: old) }
            pool.submit([job(1, "echo")])
            try await eventually { recorder.finished.count == 1 }
            #expect(recorder.lost.isEmpty)
        }
    }

    @Test(
        "A hard limit ends a task that spins, and one that ignores its cancellation",
        arguments: ["spin", "ignoreCancellation"]
    )
    func hardLimit(_ task: String) async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, task), job(2, "echo")])
            try await eventually { recorder.accepted.count == 1 }
            pool.cancel(JobID(1), .softTimeLimit(1))
            pool.kill(JobID(1), .hardTimeLimit(2))
            // The replacement does not wait for the death.
            try await eventually { recorder.finished.count == 1 && recorder.lost.count == 1 }
            #expect(recorder.lost[JobID(1)]?.cause == .hardTimeLimit(2))
            #expect(recorder.lost[JobID(1)]?.reason == "signal 9 (SIGKILL)")
        }
    }

    @Test("Terminating sends the signal first, and SIGKILL to one that does not care")
    func terminate() async throws {
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            pool.submit([job(1, "spin"), job(2, "spin")])
            try await eventually { recorder.accepted.count == 2 }
            pool.kill(JobID(1), .terminated(signal: SIGTERM))
            // Children ignore SIGINT.
            pool.kill(JobID(2), .terminated(signal: SIGINT))
            try await eventually { recorder.lost.count == 2 }
            #expect(recorder.lost[JobID(1)]?.reason == "signal 15 (SIGTERM)")
            #expect(recorder.lost[JobID(2)]?.reason == "signal 9 (SIGKILL)")
            #expect(recorder.lost[JobID(2)]?.cause == .terminated(signal: SIGINT))
        }
    }

    @Test("A stopped child can be killed")
    func stopped() async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, "spin")])
            try await eventually { recorder.accepted.count == 1 }
            kill(recorder.accepted[JobID(1)] ?? 0, SIGSTOP)
            pool.kill(JobID(1), .hardTimeLimit(1))
            try await eventually { recorder.lost.count == 1 }
        }
    }

    @Test("A stopped idle child holds up its own job only, which is returned when it is killed")
    func stoppedIdle() async throws {
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            for pid in pool.processes { kill(pid, SIGSTOP) }
            try await eventually { pool.processes.allSatisfy(isStopped) }
            pool.submit([job(1, "echo"), job(2, "echo")])
            // Answered after the jobs were handed to the children.
            pool.resize(to: 2)
            try await eventually { recorder.events.contains { if case .resized = $0 { true } else { false } } }
            for pid in pool.processes { kill(pid, SIGKILL) }
            try await eventually { recorder.returned.count == 2 }
            #expect(recorder.accepted.isEmpty)
            pool.submit([job(1, "echo"), job(2, "echo")])
            try await eventually { recorder.finished.count == 2 }
        }
    }

    @Test("A hard kill takes what the task had started with it")
    func grandchild() async throws {
        let file = "/tmp/celery-pool-test-\(getpid())-grandchild"
        defer { unlink(file) }
        let pool = try preforkPool(slots: 1) { $0.environment["POOL_TEST_FILE"] = file }
        try await withPool(pool) { pool, recorder in
            pool.submit([job(1, "grandchild")])
            var pid: Int32 = 0
            try await eventually {
                pid = readNumber(file) ?? 0
                return pid > 0
            }
            #expect(isRunning(pid))
            pool.kill(JobID(1), .hardTimeLimit(1))
            try await eventually { recorder.lost.count == 1 }
            try await eventually { !isRunning(pid) }
        }
    }

    @Test(
        "A child that breaks the protocol, or closes its sockets, is killed; the others are not",
        arguments: ["garbage", "closeSockets"]
    )
    func broken(_ task: String) async throws {
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            pool.submit([job(1, task), job(2, "echo"), job(3, "echo")])
            try await eventually { recorder.lost.count == 1 && recorder.finished.count == 2 }
            let reason = try #require(recorder.lost[JobID(1)]?.reason)
            if task == "garbage" {
                #expect(reason == "signal 9 (SIGKILL) after a broken frame: no frame has the kind 255")
            } else {
                // Its control thread may notice before it is killed.
                #expect(["signal 9 (SIGKILL)", "exitcode 0"].contains(reason))
            }
        }
    }

    @Test("Children that exit at start end the pool with a clear error instead of a storm")
    func exitAtStart() async throws {
        let pool = try preforkPool(slots: 2, start: "exit")
        let error = await #expect(throws: PoolError.self) {
            try await pool.run(ready: {}, events: { _ in })
        }
        #expect(error?.code == .childrenDieAtStart)
        #expect(error?.message.contains("exitcode 9") == true)
        #expect(pool.processes == [])
    }

    @Test("Children that hang at start are killed after the time that they are given")
    func hangAtStart() async throws {
        let pool = try preforkPool(slots: 1, start: "hang") { $0.aliveTimeout = .milliseconds(100) }
        let error = await #expect(throws: PoolError.self) {
            try await pool.run(ready: {}, events: { _ in })
        }
        #expect(error?.code == .childrenDieAtStart)
        #expect(error?.message.contains("SIGKILL") == true)
    }

    @Test("An executable that is not there is an error, not a loop")
    func noExecutable() async throws {
        let pool = try preforkPool(slots: 1) { $0.executable = ("/nonexistent/program", []) }
        let error = await #expect(throws: PoolError.self) {
            try await pool.run(ready: {}, events: { _ in })
        }
        #expect(error?.message.contains("No such file") == true)
    }

    @Test("kill -9 of the parent ends its children, also those that spin", arguments: ["spin", "sleepUntilCancelled"])
    func orphans(_ task: String) async throws {
        let parent = try ParentProcess(slots: 3, task: task)
        defer { parent.end() }
        var children: [Int32] = []
        try await eventually {
            children += parent.readNumbers()
            return children.count == 3
        }
        #expect(children.allSatisfy(isRunning))
        let killed = ContinuousClock.now
        kill(parent.pid, SIGKILL)
        try await eventually(within: .seconds(5)) { !children.contains(where: isRunning) }
        #expect(ContinuousClock.now - killed < .seconds(1))
    }

    @Test("Jobs that kill their child at every turn leave no zombie and no descriptor")
    func manyDeaths() async throws {
        let before = openDescriptors()
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            pool.submit((0..<60).map { job($0, $0 % 3 == 0 ? "exit" : "echo") })
            try await eventually { recorder.finished.count == 40 && recorder.lost.count == 20 }
            try await eventually { recorder.lost.values.allSatisfy { kill($0.pid, 0) != 0 } }
        }
        #expect(openDescriptors() <= before)
    }
}

/// The test program as a parent of its own, to be killed.
final class ParentProcess {
    let pid: Int32
    private let output: Int32
    private var text: [UInt8] = []

    init(slots: Int, task: String) throws {
        var pipes: [Int32] = [0, 0]
        try #require(pipe(&pipes) == 0)
        _ = fcntl(pipes[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(pipes[0], F_SETFL, O_NONBLOCK)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
        posix_spawn_file_actions_addclose(&actions, pipes[1])
        defer { posix_spawn_file_actions_destroy(&actions) }
        var arguments = [poolTestApp, "parent", "\(slots)", task].map { strdup($0 as String) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, poolTestApp, &actions, nil, &arguments, environ)
        close(pipes[1])
        try #require(error == 0)
        self.pid = pid
        output = pipes[0]
    }

    /// Numbers, one a line, that have arrived in full since the last call.
    func readNumbers() -> [Int32] {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = read(output, &buffer, buffer.count)
        if count > 0 { text += buffer[..<count] }
        guard let end = text.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        defer { text.removeSubrange(...end) }
        return String(decoding: text[..<end], as: UTF8.self).split(separator: "\n").compactMap { Int32($0) }
    }

    func end() {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        close(output)
    }
}

private func readNumber(_ path: String) -> Int32? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 32)
    let count = fread(&buffer, 1, buffer.count, file)
    return Int32(String(decoding: buffer[..<count], as: UTF8.self))
}

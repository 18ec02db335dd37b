//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWorker
import Dispatch
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Swift tasks that feed a prefork pool run on its thread.
@Suite("The prefork pool's thread", .serialized, .timeLimit(.minutes(5)))
struct PreforkExecutorTests {
    @Test("What prefers the pool runs on its thread, every piece of it, and hands over jobs from there")
    func onTheThread() async throws {
        try await withPool(preforkPool(slots: 2)) { pool, recorder in
            let names = await Task(executorPreference: pool.executor) {
                var names: Set<String> = []
                for number in 0..<100 {
                    names.insert(threadName())
                    pool.submit([job(UInt64(number), "echo")])
                    await Task.yield()
                }
                return names
            }
            .value
            #expect(names == ["celery-prefork"])
            try await eventually { recorder.finished.count == 100 }
        }
    }

    @Test("A process is killed while what runs on the pool's thread blocks it, and its loss is told afterwards")
    func blocked() async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, "spin")])
            try await eventually { recorder.accepted[JobID(1)] != nil }
            let pid = try #require(recorder.accepted[JobID(1)])
            let (begun, end) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let blocking = Task(executorPreference: pool.executor) { block(begun, end) }
            begun.wait(for: "the pool's thread")
            #expect(pool.kill(JobID(1), .hardTimeLimit(1)))
            try await eventually { !isRunning(pid) }
            #expect(recorder.lost.isEmpty)
            end.signal()
            await blocking.value
            try await eventually { recorder.lost[JobID(1)]?.cause == .hardTimeLimit(1) }
        }
    }

    @Test(
        "What prefers a pool that is over runs on Swift's own threads, and what prefers one that fails runs somewhere"
    )
    func without() async throws {
        let pool = try preforkPool(slots: 1)
        try await withPool(pool) { _, _ in }
        #expect(await Task(executorPreference: pool.executor) { threadName() }.value != "celery-prefork")

        let broken = try preforkPool(slots: 1) { $0.executable = ("/nowhere/at/all", []) }
        let waiting = Task(executorPreference: broken.executor) { threadName() }
        await #expect(throws: PoolError.self) { try await broken.run(ready: {}, events: { _ in }) }
        #expect(await waiting.value.isEmpty == false)
    }
}

/// Not in an asynchronous function, where waiting is not to be.
private func block(_ begun: DispatchSemaphore, _ end: DispatchSemaphore) {
    begun.signal()
    end.wait()
}

extension DispatchSemaphore {
    fileprivate func wait(for what: Comment) { #expect(wait(timeout: .now() + 20) == .success, what) }
}

private func threadName() -> String {
    var name = [CChar](repeating: 0, count: 64)
    #if canImport(Darwin)
    pthread_getname_np(pthread_self(), &name, name.count)
    #else
    guard let file = fopen("/proc/thread-self/comm", "r") else { return "unknown" }
    defer { fclose(file) }
    fgets(&name, Int32(name.count), file)
    #endif
    return String(decoding: name.prefix { $0 > 32 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Much that waits at the client's side, and many workers that wait.
extension RedisBench {
    /// Results that this process waits for, by one task, and one task each.
    func waitingResults(_ count: Int) async throws -> [[String]] {
        try server.clear()
        let (together, left) = try await bytes(1000, count) { results in
            _ = try await ResultSet(results).get(timeout: .seconds(120))
        }
        let (apart, leftApart) = try await bytes(1000, count) { results in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for result in results { group.addTask { _ = try await result.get(timeout: .seconds(120)) } }
                try await group.waitForAll()
            }
        }
        let name = Report.text(Double(count), 0)
        return [
            row("results waited for by one task, 1,000 and \(name): bytes each (aim ≤ 1,024)", together, 0),
            row("… bytes each that are left afterwards", left, 0),
            row("… by one task each", apart, 0),
            row("… bytes each that are left afterwards", leftApart, 0),
        ]
    }

    /// What waiting takes for each of few and of many results, and what is left of it.
    private func bytes(
        _ counts: Int...,
        wait: @escaping @Sendable ([AsyncResult<Int>]) async throws -> Void
    ) async throws -> (waiting: [Double], left: [Double]) {
        var waiting: [Double] = []
        var left: [Double] = []
        for count in counts {
            let start = Self.ownMemory
            let sent = try await send(count)
            let before = Self.ownMemory
            let waits = Task { try await wait(sent) }
            try await Task.sleep(for: .seconds(options.isQuick ? 3 : 8))
            waiting.append((Self.ownMemory - before) / Double(count))
            let worker = try worker(.async)
            try await waits.value
            worker.stop()
            left.append((Self.ownMemory - start) / Double(count))
        }
        return (waiting, left)
    }

    private func send(_ count: Int) async throws -> [AsyncResult<Int>] {
        let noop = tasks.noop
        return try await withThrowingTaskGroup(of: [AsyncResult<Int>].self) { group in
            for lane in 0..<100 {
                group.addTask {
                    var results: [AsyncResult<Int>] = []
                    for x in stride(from: lane, to: count, by: 100) { results.append(try await noop.delay(x)) }
                    return results
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// What the allocator keeps for later is nobody's.
    private static func giveBackFree() {
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
    }

    /// Resident bytes of this process, without what is shared.
    private static var ownMemory: Double {
        giveBackFree()
        let text = (try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("Private_Dirty:") } ?? ""
        return Double(line.split(separator: " ").dropFirst().first ?? "0").map { $0 * 1024 } ?? 0
    }

    /// One task at a time with pauses, so that every worker sleeps when it is sent.
    func wakeUp() async throws -> [[String]] {
        var sides: [Side] = []
        var work: [BenchServer.Work] = []
        for count in [1, 10] {
            try server.clear()
            let workers = try (0..<count).map { try worker(.async, ["-l", "INFO", "-n", "idle\($0)@%h"]) }
            for worker in workers { try await worker.waitUntilReady() }
            let before = try server.work
            sides.append(Side(try await latencies(500, SendOptions(), pause: .milliseconds(20))))
            work.append(try server.work - before)
            for worker in workers { worker.stop() }
        }
        return [
            row("send → start with 1 and 10 idle workers, p50, ms (aim < 1)", sides.map(\.median), 2),
            row("… p99, ms", sides.map(\.tail), 2),
            row("… Redis commands a task, heartbeats included", work.map { $0.commands / 501 }, 1),
            row("… server's CPU a task, µs", work.map { $0.cpu / 501 * 1_000_000 }, 0),
        ]
    }

    func latencies(_ count: Int, _ options: SendOptions, pause: Duration? = nil) async throws -> [Double] {
        _ = try await tasks.moment.applyAsync(options: options).get(timeout: .seconds(20))
        var values: [Double] = []
        for _ in 0..<count {
            if let pause { try await Task.sleep(for: pause) }
            let sent = Timestamp.now.unixSeconds
            values.append(try await tasks.moment.applyAsync(options: options).get(timeout: .seconds(20)) - sent)
        }
        return values
    }
}

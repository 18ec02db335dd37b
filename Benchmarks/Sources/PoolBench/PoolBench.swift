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
import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Measures what the pools themselves cost: `pool-bench [JOBS [POOL]]`.
///
/// No-op jobs in a closed loop, one unfinished job a slot, as the worker drives a pool; the start of a child; the memory
/// of an idle parent with two children.
@main
struct PoolBench {
    static let noop: PoolRunner = { _, _ in TaskReport(outcome: .success(.null, repr: "None")) }

    static func main() async throws {
        if PreforkChild.isChild { await PreforkChild.run(noop) { _ in } }
        let jobs = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000
        let only = CommandLine.arguments.dropFirst(2).first
        func isWanted(_ name: String) -> Bool { only.map { name.hasPrefix($0) } ?? true }
        if isWanted("solo") { try await measure("solo", SoloPool(runner: noop), jobs) }
        for slots in [1, 2, 256] where isWanted("async") {
            try await measure("async \(slots)", AsyncPool(slots: slots, runner: noop), jobs)
        }
        for slots in [1, 2] where isWanted("threads") {
            try await measure("threads \(slots)", ThreadsPool(slots: slots, runner: noop), jobs)
        }
        for slots in [1, 2, 4] where isWanted("prefork") {
            try await measure("prefork \(slots)", prefork(slots), jobs)
        }
        guard only == nil else { return }
        try await start()
        try await idleMemory()
    }

    static func prefork(_ slots: Int) throws -> PreforkPool {
        let services = PoolServices(transport: NoTransport(), backend: NoBackend())
        return try PreforkPool(PreforkConfiguration(slots: slots), services: services, logger: Logger(label: "bench"))
    }

    /// Keeps every slot busy until the jobs are done.
    static func measure(_ name: String, _ pool: some TaskPool, _ count: Int) async throws {
        let childrenBefore = Usage.children().seconds
        let submitted = Atomic(0)
        let finished = Atomic(0)
        let body = [UInt8](repeating: 0x20, count: 300)
        @Sendable func next() -> PoolJob? {
            let number = submitted.add(1, ordering: .relaxed).oldValue
            guard number < count else { return nil }
            let id = "d5a1e1f0-94f7-4b0c-9d2e-\(100_000_000_000 + number)"
            let headers = TaskHeaders(task: "bench.noop", id: id, rootID: id, argsRepr: "()", kwargsRepr: "{}")
            let properties = MessageProperties(correlationID: id, routingKey: "celery", deliveryTag: id)
            let message = Message(headers: headers, properties: properties, body: body)
            let request = TaskRequest(message: message, queue: "celery", hostname: "celery@bench")
            return PoolJob(id: JobID(UInt64(number)), request: request)
        }
        let begun = Mutex((ContinuousClock.now, Usage.own()))
        try await pool.run(
            ready: {
                begun.withLock { $0 = (.now, .own()) }
                pool.submit((0..<pool.slots).compactMap { _ in next() })
            },
            events: { event in
                guard case .finished = event else { return }
                if let job = next() { pool.submit([job]) }
                if finished.add(1, ordering: .relaxed).newValue == count { pool.stop() }
            }
        )
        let (start, usage) = begun.withLock { $0 }
        let wall =
            Double((ContinuousClock.now - start).components.attoseconds) / 1e18
            + Double((ContinuousClock.now - start).components.seconds)
        let own = Usage.own().seconds - usage.seconds
        let children = Usage.children().seconds - childrenBefore
        print(
            pad(name, 12),
            "\(Int(Double(count) / wall)) jobs/s,",
            micro(wall / Double(count)),
            "wall,",
            micro(own / Double(count)),
            "cpu parent,",
            micro(children / Double(count)),
            "cpu children, a job"
        )
    }

    /// From `run` to the child's hello.
    static func start() async throws {
        var times: [Double] = []
        for _ in 0..<20 {
            let pool = try prefork(1)
            let begin = ContinuousClock.now
            let taken = Mutex(Duration.zero)
            try await pool.run(
                ready: {
                    taken.withLock { $0 = ContinuousClock.now - begin }
                    pool.stop()
                },
                events: { _ in }
            )
            times.append(Double(taken.withLock { $0 }.components.attoseconds) / 1e15)
        }
        times.sort()
        print("child start  min \(round(times[0] * 10) / 10) ms, median \(round(times[10] * 10) / 10) ms")
    }

    static func idleMemory() async throws {
        let pool = try prefork(2)
        try await pool.run(
            ready: {
                let all = [getpid()] + pool.processes
                let kib = all.map { proportionalKiB($0) }
                print("idle memory  PSS parent \(kib[0]) KiB, children \(kib.dropFirst().map(String.init)) KiB")
                pool.stop()
            },
            events: { _ in }
        )
    }

    static func proportionalKiB(_ pid: Int32) -> Int {
        guard let file = fopen("/proc/\(pid)/smaps_rollup", "r") else { return -1 }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        for line in String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
        where line.hasPrefix("Pss:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? -1
        }
        return -1
    }

    static func micro(_ seconds: Double) -> String { "\(round(seconds * 1e8) / 100) µs" }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// Processor time.
struct Usage {
    var seconds: Double

    static func own() -> Usage {
        of(RUSAGE_SELF)
    }

    static func children() -> Usage {
        of(RUSAGE_CHILDREN)
    }

    #if canImport(Glibc)
    private static func of(_ who: __rusage_who) -> Usage { of(__rusage_who_t(who.rawValue)) }
    private typealias Who = __rusage_who_t
    #else
    private typealias Who = Int32
    #endif

    private static func of(_ who: Who) -> Usage {
        var usage = rusage()
        getrusage(who, &usage)
        let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        return Usage(seconds: seconds + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6)
    }
}

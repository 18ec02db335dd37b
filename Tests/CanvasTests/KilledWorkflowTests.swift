//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import Foundation
import ServiceTestSupport
import Synchronization
import Testing

/// Where workflows run while their workers are killed.
struct KilledFleet: Sendable, CustomTestStringConvertible {
    var isRedis: Bool
    /// Of a Python worker beside ours.
    var python: PythonVersion?
    /// Whether that one is killed too, where it can be without losing what it holds.
    var strikesPython = false
    /// Not beside Celery 5.6: a part that comes back from a dead worker of ours after its chord has ended may make one of 5.6 store a
    /// failure of the body.
    var strikesSwift = true
    /// Whether what is left of long chains is stored: who sends and each worker have their own idea of what is long.
    var cutsChains = false
    /// Whether broker and results are two stores to the workers, as two servers would be: one of them under another name.
    var isApart = false
    /// Whether tasks are acknowledged when they start: what runs at a blow ends as lost, and what follows it with it.
    var isEarly = false

    var testDescription: String {
        let store = isRedis ? isApart ? "Redis under two names" : "Redis" : "one SQLite file"
        var words = [store, "two prefork and two async workers"]
        if let python { words.append("a worker of \(python) beside them") }
        if strikesPython { words.append(strikesSwift ? "killed too" : "which alone is killed") }
        if cutsChains { words.append("chains cut at 2, 3, 4 or not at all") }
        if isEarly { words.append("acknowledged early") }
        return words.joined(separator: ", ")
    }

    static let all: [KilledFleet] =
        ([false] + (RedisServer.isAvailable ? [true] : []))
        .flatMap { isRedis -> [KilledFleet] in
            [
                KilledFleet(isRedis: isRedis), KilledFleet(isRedis: isRedis, cutsChains: true),
                KilledFleet(isRedis: isRedis, isEarly: true),
            ]
        }
        + (RedisServer.isAvailable ? [KilledFleet(isRedis: true, isApart: true)] : [])
        + (RedisServer.isAvailable ? PythonVersion.available : [])
        .flatMap { version -> [KilledFleet] in
            guard version == .current else {
                return [KilledFleet(isRedis: true, python: version, strikesPython: true, strikesSwift: false)]
            }
            return [false, true].map { KilledFleet(isRedis: true, python: version, strikesPython: $0) }
        }
}

@Suite("Workflows whose workers are killed", .serialized, .timeLimit(.minutes(30)))
struct KilledWorkflowTests {
    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
    /// More of them by night.
    private static let count = variable("CANVAS_KILLED").flatMap { Int($0) } ?? 200
    /// Seconds until what a dead Python worker held is given to others.
    private static let visibility = 6
    private static let firstSeed = variable("CANVAS_SEED").flatMap { UInt64($0) } ?? 1000

    private struct Run {
        var ended = 0
        var values = 0
        var errors = 0
        /// Ended because what ran at a blow was lost.
        var losses = 0
        var wrong: [String] = []
    }

    private final class Progress: Sendable {
        let run = Mutex(Run())
        var ended: Int { run.withLock { $0.ended } }
    }

    @Test("every one ends, with the right value or the right error", arguments: KilledFleet.all)
    func killed(fleet: KilledFleet) async throws {
        let directory = try TemporaryDirectory("killed")
        let queue = RedisServer.uniquePrefix() + "queue"
        var (broker, backend) = ("sqlite:///\(directory.url.path)/celery.sqlite", String?.none)
        if fleet.isRedis {
            let server = try await RedisServer.shared
            (broker, backend) = (server.url(), server.url(database: 1))
            if fleet.isApart { backend = backend?.replacingOccurrences(of: "127.0.0.1", with: "localhost") }
        }
        let workers = try MortalWorkers(
            broker: broker,
            backend: backend,
            queue: queue,
            directory: directory,
            milliseconds: fleet.strikesPython ? 100 : 20,
            isEarly: fleet.isEarly,
            visibility: fleet.strikesPython ? Self.visibility : nil
        )
        var python: MortalPython?
        let app = CanvasTasks.app(broker: broker, backend: backend) { settings in
            settings.taskDefaultQueue = queue
            if fleet.cutsChains { settings.taskChainInlineLimit = 3 }
        }
        do {
            if let version = fleet.python, let backend {
                let worker = try MortalPython(
                    version,
                    broker: broker,
                    backend: backend,
                    queue: queue,
                    visibility: fleet.strikesPython ? Self.visibility : 3600
                )
                python = worker
                try await worker.start()
            }
            let limits = fleet.cutsChains ? [2, 4, nil, 3] : [Int?](repeating: nil, count: 4)
            for (pool, limit) in zip(["prefork", "async", "prefork", "async"], limits) {
                try workers.start(pool, chainInlineLimit: limit)
            }
            try await workers.waitUntilReady()
            let begun = ContinuousClock.now
            let run = try await Self.run(on: app, workers, python, fleet)
            let repeated = workers.repeated
            Self.report(fleet, run, repeated.count, workers, python, ContinuousClock.now - begun)
            // A Python worker may have been given what ours had done; with two stores a body may leave twice (decision 0023).
            #expect(repeated.isEmpty || fleet.python != nil || fleet.isApart, "ran to their end again: \(repeated)")
            let complaints = run.wrong.isEmpty ? [] : workers.complaints.suffix(20)
            #expect(run.wrong.isEmpty, "\(run.wrong.joined(separator: "\n"))\n\(complaints.joined(separator: "\n"))")
            #expect(run.values > 0)
            #expect(run.errors > 0 || fleet.python == .previous)
            let blows = workers.blows.withLock { $0.values.reduce(0, +) }
            if fleet.strikesSwift { #expect(blows >= Self.count / 20, "too few blows to show anything") }
            if fleet.strikesPython { #expect((python?.blows ?? 0) > 0, "no blow has struck Python's worker") }
        } catch {
            await Self.end(app, workers, python)
            throw error
        }
        await Self.end(app, workers, python)
    }

    private static func end(_ app: CeleryApp, _ workers: MortalWorkers, _ python: MortalPython?) async {
        await workers.end()
        await python?.end()
        await app.shutdown()
    }

    /// Has a few workflows under way at a time, and strikes whenever some have ended, or when for a while none has.
    private static func run(
        on app: CeleryApp,
        _ workers: MortalWorkers,
        _ python: MortalPython?,
        _ fleet: KilledFleet
    ) async throws -> Run {
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            // What a dead Python worker held is back only after seconds.
            let seeds = firstSeed..<firstSeed + UInt64(fleet.strikesPython ? max(count / 2, 60) : count)
            let striking = Task {
                var generator = SeededGenerator(seed: firstSeed)
                while !Task.isCancelled, fleet.strikesSwift {
                    let next = progress.ended + Int.random(in: 1...6, using: &generator)
                    _ = try await eventually(within: .seconds(2)) { progress.ended >= next }
                    try await workers.strike(&generator)
                }
            }
            let strikingPython = Task {
                while !Task.isCancelled, fleet.strikesPython {
                    // Some have ended since the last blow, so that not all that runs is struck again and again.
                    let next = progress.ended + 10
                    _ = try await eventually(within: .seconds(10)) { progress.ended >= next }
                    try await python?.strike()
                }
            }
            defer { for blows in [striking, strikingPython] { blows.cancel() } }
            var next = seeds.lowerBound
            func add() {
                guard next < seeds.upperBound else { return }
                let seed = next
                next += 1
                let shape = shape(seed, fleet.python)
                group.addTask { await check(shape, seed, on: app, progress, mayLose: fleet.isEarly) }
            }
            for _ in 0..<12 { add() }
            while try await group.next() != nil { add() }
            for blows in [striking, strikingPython] {
                blows.cancel()
                // An error of its own, not that of being cancelled, is one of the test's.
                do { try await blows.value } catch is CancellationError {}
            }
        }
        return progress.run.withLock { $0 }
    }

    private static func shape(_ seed: UInt64, _ python: PythonVersion?) -> WorkflowShape {
        var limits = WorkflowShape.Limits()
        guard let python else {
            limits.failures = seed % 2 == 0 ? 8 : 0
            limits.retries = seed % 3 == 0 ? 4 : 0
            return .random(seed: seed, limits: limits)
        }
        // Python's workers do not end everything that follows a failure.
        if python == .current, seed % 3 == 0 { return .failing(seed: seed) }
        limits = WorkflowShape.Limits(nestedGroups: false, singles: false, groupsFirstInBodies: false)
        return .random(seed: seed, limits: limits)
    }

    private static func check(
        _ shape: WorkflowShape,
        _ seed: UInt64,
        on app: CeleryApp,
        _ progress: Progress,
        mayLose: Bool
    ) async {
        let expected = shape.outcome()
        var outcome = WorkflowShape.Outcome.error(["not sent"])
        do {
            let result: AsyncResult<CeleryValue> = try await app.workflow(shape.signature).delay()
            outcome = await WorkflowShape.outcome(of: result, timeout: .seconds(120))
        } catch {
            outcome = .error(["\(error)"])
        }
        let isRight = outcome.agrees(with: expected)
        let isLoss = mayLose && !isRight && outcome.agrees(with: .error(["WorkerLostError", "ChordError"]))
        progress.run.withLock { run in
            run.ended += 1
            switch expected {
            case _ where isLoss: run.losses += 1
            case _ where !isRight:
                run.wrong.append("seed \(seed): \(outcome.text) instead of \(expected.text): \(shape.value.json)")
            case .value: run.values += 1
            case .error: run.errors += 1
            }
        }
    }

    /// Prints a row, and adds it to the file that `CANVAS_REPORT` names.
    private static func report(
        _ fleet: KilledFleet,
        _ run: Run,
        _ repeated: Int,
        _ workers: MortalWorkers,
        _ python: MortalPython?,
        _ time: Duration
    ) {
        var blows = workers.blows.withLock { $0 }
        if let python, fleet.strikesPython { blows["Python all"] = python.blows }
        let kinds = blows.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let errors = "\(run.errors)" + (fleet.isEarly ? ", and \(run.losses) lost" : "")
        let row =
            "| \(fleet.testDescription) | \(run.ended) | \(run.values) | \(errors) | \(run.wrong.count) | \(repeated) "
            + "| \(blows.values.reduce(0, +)): \(kinds) | \(Int(time / .seconds(1))) s |\n"
        print(row)
        guard let path = variable("CANVAS_REPORT"), let file = FileHandle(forWritingAtPath: path) else { return }
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: Data(row.utf8))
        try? file.close()
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryKit
import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

@testable import FaultHarness

/// Six workers under load, stopped warm and started again one after another, while somebody asks all the time who is there.
@Suite(
    .enabled(
        if: RedisServer.isAvailable && PythonVersion.available.contains(.current),
        "it takes CELERY_TEST_PYTHON (scripts/interop.sh) and redis-server (scripts/setup.sh)"
    ),
    .serialized,
    .timeLimit(.minutes(60))
)
struct RollingRestartTests {
    @Test(
        "A rolling restart of Swift and Python workers loses nothing, and only Python's put back what they have begun"
    )
    func mixed() async throws {
        let outcome = try await roll(rounds: FaultReport.isLong ? 10 : 1, swift: 3, python: 3)
        outcome.report("Three Swift and three Python workers (prefork, two children each)")
        outcome.expectNothingLostOrRepeated()
        outcome.expectNothingHung()
    }

    /// What the restart of Python workers alone costs is no promise of ours: it is what the figures above are read against.
    @Test("The same with six Python workers, for comparison", .enabled(if: FaultReport.isLong, "only in the long run"))
    func pythonAlone() async throws {
        let outcome = try await roll(rounds: 10, swift: 0, python: 6)
        outcome.report("Six Python workers, for comparison: figures, not promises")
    }

    @Test("The same with six Swift workers", .enabled(if: FaultReport.isLong, "only in the long run"))
    func swiftAlone() async throws {
        let outcome = try await roll(rounds: 10, swift: 6, python: 0)
        outcome.report("Six Swift workers")
        outcome.expectNothingLostOrRepeated()
        outcome.expectNothingHung()
    }

    /// What Python's workers put back when they stop has succeeded by then: with this setting nobody begins it again, of either language.
    @Test(
        "With worker_deduplicate_successful_tasks nothing that is acknowledged late runs twice, whoever stops",
        .enabled(if: FaultReport.isLong, "only in the long run")
    )
    func deduplicated() async throws {
        let outcome = try await roll(rounds: 10, swift: 3, python: 3, contracts: [.late], deduplicates: true)
        outcome.report(
            "Three Swift and three Python workers with `worker_deduplicate_successful_tasks`, everything acknowledged late"
        )
        outcome.expectNothingLostOrRepeated()
        outcome.expectNothingHung()
        #expect(outcome.tally.runTwice == 0)
    }

    // MARK: -

    private func roll(
        rounds: Int,
        swift: Int,
        python: Int,
        contracts: [Contract] = [.early, .late],
        deduplicates: Bool = false
    ) async throws -> RollingOutcome {
        try await RedisServer.with { server in
            let peer = try PythonPeer(
                .current,
                broker: server.url(),
                backend: server.url(),
                settings: ["worker_deduplicate_successful_tasks": .bool(deduplicates)]
            )
            let own = ["worker_deduplicate_successful_tasks=\(deduplicates)"]
            let site = try FaultSite(broker: server.url(), lease: 10, directory: peer.directory)
            return try await FaultSite.with(site) { site in
                var fleet: [RollingWorker] = []
                for number in 0..<max(swift, python) {
                    if number < swift { fleet.append(try await startSwift(site, "swift\(number + 1)", own)) }
                    if number < python { fleet.append(try await startPython(peer, "python\(number + 1)")) }
                }
                let watch = RollingWatch(app: site.tasks.app, client: try await peer.client(), names: fleet.map(\.name))
                // As much as half of the twelve slots can do: there is always something that runs where it stops.
                let senders =
                    try contracts
                    .map { contract in
                        let ledger = peer.directory.path("sent-\(contract.rawValue)")
                        return Sender(
                            contract: contract,
                            ledger: ledger,
                            process: try site.client(
                                contract,
                                rate: 60 / Double(contracts.count),
                                environment: ["FAULTS_LEDGER": ledger]
                            )
                        )
                    }
                var stops: [RollingStop] = []
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await watch.ping() }
                    group.addTask { await watch.status() }
                    for round in 0..<rounds {
                        for index in fleet.indices {
                            let worker = fleet[index]
                            try await waitForWork(of: worker, site)
                            async let stop = worker.stop()
                            // Beside the last stop of the round: one that has been there for a while, each time another one.
                            if index == fleet.count - 1 {
                                let limit = round.isMultiple(of: 2) ? "1000/s" : "0"
                                await watch.steer(fleet[round % (fleet.count - 2)].name, "faults.late", limit: limit)
                            }
                            stops.append(try await stop)
                            let name = fleet[index].shortName
                            let isSwift = fleet[index].isSwift
                            fleet[index] =
                                isSwift ? try await startSwift(site, name, own) : try await startPython(peer, name)
                        }
                    }
                    group.cancelAll()
                }
                var sent: [String: Contract] = [:]
                for sender in senders {
                    await sender.process.end()
                    for entry in try Ledger.read(path: sender.ledger) { sent[entry.id] = sender.contract }
                    let text = try String(contentsOfFile: sender.ledger, encoding: .utf8)
                    try TextFile.append(text, to: site.environment.ledger)
                }
                let tally = try await site.settled(within: .seconds(180))
                for worker in fleet { stops.append(try await worker.stop()) }
                return RollingOutcome(
                    tally: tally,
                    repeats: Repeat.all(in: site.entries, sent, stops),
                    stops: stops,
                    calls: watch.calls,
                    fleetSize: fleet.count
                )
            }
        }
    }

    private func startSwift(_ site: FaultSite, _ name: String, _ settings: [String]) async throws -> RollingWorker {
        let mark = TextFile.size(of: site.environment.ledger)
        let process = try site.worker("prefork", concurrency: 2, name: name, arguments: settings)
        _ = try await waited(for: "\(name)\n\(process.logText)", within: .seconds(60)) { () -> Bool? in
            guard process.isRunning else { throw ServiceError("\(name) ended:\n\(process.logText)") }
            return process.logText.contains(" ready.") ? true : nil
        }
        return RollingWorker(shortName: name, name: "\(name)@faults", process: .swift(process), mark: mark)
    }

    /// With all that Python's workers do by themselves: mingle, gossip, events.
    private func startPython(_ peer: PythonPeer, _ name: String) async throws -> RollingWorker {
        let mark = TextFile.size(of: peer.directory.path("ledger"))
        let worker = try await peer.worker(.prefork, name: name, concurrency: 2, arguments: ["-E"])
        return RollingWorker(
            shortName: name,
            name: "\(name)@\(CeleryKit.Host.name)",
            process: .python(worker),
            mark: mark
        )
    }

    /// Until it has begun a task.
    private func waitForWork(of worker: RollingWorker, _ site: FaultSite) async throws {
        let ledger = site.environment.ledger
        _ = try await waited(for: "a task in \(worker.name)", within: .seconds(60)) {
            let from = max(worker.mark, TextFile.size(of: ledger) - 60_000)
            return TextFile.text(of: ledger, from: from).contains(" \(worker.pid) ") ? true : nil
        }
    }
}

/// One of the six, from a start to a stop.
private struct RollingWorker {
    enum Process {
        case swift(GuardedProcess)
        case python(PythonWorker)
    }

    var shortName: String
    /// Node name.
    var name: String
    var process: Process
    /// Size of the ledger when it started.
    var mark: Int

    var isSwift: Bool { if case .swift = process { true } else { false } }

    var pid: Int32 {
        switch process {
        case .swift(let process): process.pid
        case .python(let worker): worker.pid
        }
    }

    /// SIGTERM, and how long it takes to end.
    func stop() async throws -> RollingStop {
        let (begun, at) = (ContinuousClock.now, Timestamp.now)
        let code: Int32
        var putBack = 0
        switch process {
        case .swift(let process):
            process.signal(SIGTERM)
            code = try await process.exitCode(within: .seconds(60))
        case .python(let worker):
            code = try await worker.terminate(within: .seconds(60))
            // What kombu says when it closes the connection, of begun ones and others alike.
            putBack = worker.logText.matches(of: /Restoring (\d+) unacknowledged/).compactMap { Int($0.1) }.reduce(0, +)
        }
        let seconds = (ContinuousClock.now - begun).seconds
        return RollingStop(
            name: name,
            pid: pid,
            isSwift: isSwift,
            code: code,
            at: at,
            seconds: seconds,
            putBack: putBack
        )
    }
}

private struct RollingStop {
    var name: String
    var pid: Int32
    var isSwift: Bool
    var code: Int32
    /// When it was told.
    var at: Timestamp
    var seconds: Double
    /// Messages that a Python worker has said to put back.
    var putBack: Int
}

/// Sends tasks of one kind, and writes down which in a file of its own.
private struct Sender {
    var contract: Contract
    var ledger: String
    var process: GuardedProcess
}

/// A task that ran more than once.
private struct Repeat {
    var id: String
    /// What happened, for a reader to judge.
    var history: String
    /// Whether a Python worker did it by itself: its acknowledgement was due while the worker stopped. When it closes its connection it
    /// puts back what is not acknowledged, whether that has begun or not, says how many those are, and lets the run come to its end. An early task is
    /// acknowledged when the parent hears that a child has begun it, a late one when it has ended.
    var isPythons: Bool

    private struct Run {
        var process: Ledger.Process
        var start: Timestamp
        var end: Timestamp?
    }

    static func all(
        in entries: [Ledger.Entry],
        _ contracts: [String: Contract],
        _ stops: [RollingStop]
    ) -> [Repeat] {
        var runs: [String: [Run]] = [:]
        for entry in entries {
            switch entry {
            case .started(let id, let process, _, let at):
                runs[id, default: []].append(Run(process: process, start: at))
            case .ended(let id, let process, let at):
                guard let index = runs[id]?.lastIndex(where: { $0.process == process }) else { continue }
                runs[id]?[index].end = at
            case .sent: continue
            }
        }
        let workers = Dictionary(stops.map { ($0.pid, $0) }, uniquingKeysWith: { $1 })
        return runs.filter { $0.value.count > 1 }
            .map { id, runs in
                let all = runs.sorted { $0.start < $1.start }
                let known = all.map { workers[$0.process.parent] }
                let isPythons = zip(all, known).dropLast()
                    .allSatisfy { run, stop in
                        guard let stop, !stop.isSwift, stop.putBack > 0 else { return false }
                        // Until it ends it begins what it had fetched; an acknowledgement may be on its way for a moment.
                        let last = stop.at.advanced(bySeconds: stop.seconds)
                        let due = contracts[id] == .late ? run.end ?? last : run.start
                        return run.start <= last && due.advanced(bySeconds: 1) >= stop.at
                    }
                let history = zip(all, known)
                    .map { run, stop in
                        let since =
                            stop.map { "\(run.start.seconds(since: $0.at)) s from its SIGTERM" } ?? "nobody knows when"
                        let length = run.end.map { "\($0.seconds(since: run.start)) s" } ?? "no end"
                        return "in \(stop?.name ?? "\(run.process)") begun \(since), \(length)"
                    }
                    .joined(separator: "; ")
                return Repeat(
                    id: id,
                    history: "\(contracts[id]?.rawValue ?? "unknown") \(id): \(history)",
                    isPythons: isPythons
                )
            }
    }
}

private struct RollingOutcome {
    /// A command waits for a second; more than this is not load any more.
    static let patience = 10.0

    var tally: Tally
    var repeats: [Repeat]
    var stops: [RollingStop]
    var calls: [RollingWatch.Call]
    var fleetSize: Int

    private func calls(_ kind: RollingWatch.Kind) -> [RollingWatch.Call] { calls.filter { $0.kind == kind } }

    /// One at a time is away, and one that has just come may not hear yet.
    private func isFull(_ call: RollingWatch.Call) -> Bool { call.answers >= fleetSize - 1 }

    private var putBack: Int { stops.map(\.putBack).reduce(0, +) }

    private func slowestStop(isSwift: Bool) -> String {
        stops.filter { $0.isSwift == isSwift }.map(\.seconds).max()?.tenths ?? "–"
    }

    /// The number of calls, the longest of them, the fewest that answered, and how often all but one did.
    private func cells(_ kind: RollingWatch.Kind) -> String {
        let calls = calls(kind)
        let longest = calls.map(\.seconds).max()?.tenths ?? "–"
        return "\(calls.count) | \(longest) | \(calls.map(\.answers).min() ?? 0) | \(calls.count(where: isFull))"
    }

    func report(_ title: String) {
        for call in calls { if let failure = call.failure { print("\(call.kind.rawValue) failed: \(failure)") } }
        let steered = calls(.steering)
        FaultReport.add(
            "\(title): \(stops.count) restarts",
            "\(Tally.columns) | … of these by a Python worker's own stop | put back by Python workers, as they say | slowest stop, Swift, s | slowest stop, Python, s | pings by Swift | longest, s | "
                + "fewest answers | all but one or all | status by Python | longest, s | fewest answers | all but one or all | "
                + "rate limits set | answered",
            [
                "\(tally.cells) | \(repeats.count(where: \.isPythons)) | \(putBack) | \(slowestStop(isSwift: true)) | \(slowestStop(isSwift: false)) | "
                    + "\(cells(.ping)) | \(cells(.status)) | \(steered.count) | \(steered.count { $0.answers == 1 })"
            ],
            notes: repeats.map { "Ran twice: \($0.history)." }
        )
    }

    /// Nothing but what Python's workers do by themselves, whoever their neighbours are.
    func expectNothingLostOrRepeated() {
        #expect(tally.lost == 0 && tally.workerLost == 0)
        // A client that was ended may have sent one that it could not write down any more.
        #expect(tally.succeeded == tally.run && tally.run >= tally.sent, "\(tally.description)")
        #expect(repeats.filter { !$0.isPythons }.isEmpty, "\(repeats.map(\.history))")
        #expect(repeats.count == tally.runTwice && repeats.count <= putBack)
        let excused = Set(repeats.filter(\.isPythons).map(\.id))
        let others = tally.breaches.filter { breach in !excused.contains { breach.hasPrefix($0) } }
        #expect(others.isEmpty)
    }

    func expectNothingHung() {
        for kind in [RollingWatch.Kind.ping, .status] {
            let calls = calls(kind)
            let full = calls.count(where: isFull)
            #expect(!calls.isEmpty, "\(kind.rawValue) was never answered")
            #expect(full * 10 >= calls.count * 9, "\(kind.rawValue): \(calls.map(\.answers)) of \(fleetSize)")
        }
        #expect(calls.allSatisfy { $0.seconds < Self.patience }, "\(calls.map(\.seconds).max() ?? 0) s")
        let steered = calls(.steering)
        #expect(!steered.isEmpty, "nothing was steered")
        #expect(
            steered.count { $0.answers > 0 } * 10 >= steered.count * 9,
            "not answered: \(steered.count { $0.answers == 0 }) of \(steered.count)"
        )
        // Redis was up all the time.
        let failures = calls.compactMap(\.failure)
        #expect(failures.isEmpty, "\(failures)")
        #expect(stops.allSatisfy { $0.code == 0 }, "exit codes: \(stops.map(\.code))")
    }
}

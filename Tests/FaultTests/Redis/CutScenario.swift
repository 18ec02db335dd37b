//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import CeleryKit
import CeleryWire
import Foundation
import ServiceTestSupport

@testable import FaultHarness

/// A process that dies at one step of the protocol, and another that takes over.
struct CutScenario: Sendable {
    /// What has to go on for the step to be reached.
    enum Situation {
        case working, joining, childWorking, reconnecting, sweeping, stopping, restoring, sending
    }

    struct Outcome: Sendable {
        var point: CutPoint
        var row: String
        var breaches: [String]
    }

    var point: CutPoint
    var pool: String
    /// Whether a chord's parts are acknowledged when they start. All have ended, then, and their results are stored.
    var isEarly = false
    /// Whether broker and results are one SQLite file.
    var isEmbedded = false
    /// Whether results lie on another Redis server than messages.
    var isApart = false
    /// Whether it is a chord that goes on, also where the step is none of chords alone: then it is the body that has left.
    var isOfChord = false

    private var situation: Situation { isOfChord ? .joining : point.situation }

    /// All steps; in a pool of processes those that differ there, and in the long run all that can.
    static var all: [CutScenario] {
        CutPoint.allCases.flatMap { point -> [CutScenario] in
            let both = ["async", "prefork"].map { CutScenario(point: point, pool: $0) }
            if point == .followUpsPublished {
                return both.prefix(FaultReport.isLong ? 2 : 1)
                    + [CutScenario(point: point, pool: "async", isApart: true, isOfChord: true)]
            }
            if point == .onwardSettled {
                return both.prefix(FaultReport.isLong ? 2 : 1)
                    .map { CutScenario(point: point, pool: $0.pool, isApart: true) }
            }
            switch point.situation {
            case .childWorking: return [both[1]]
            case .sending: return [both[0]]
            case .joining where point.isOfTheLastPart:
                let late = FaultReport.isLong ? both : [both[0]]
                return late + both.map { CutScenario(point: $0.point, pool: $0.pool, isEarly: true) }
                    + [CutScenario(point: point, pool: "async", isApart: true)]
            default: return FaultReport.isLong || point.differsInChildren ? both : [both[0]]
            }
        }
    }

    /// The steps of a chord, on one SQLite file; in a pool of processes, in the long run, all of them too.
    static var embedded: [CutScenario] {
        CutPoint.allCases.filter { $0.situation == .joining }
            .flatMap { point -> [CutScenario] in
                let pools = FaultReport.isLong || point == .chordClaimed ? ["async", "prefork"] : ["async"]
                return pools.flatMap { pool -> [CutScenario] in
                    let late = CutScenario(point: point, pool: pool, isEmbedded: true)
                    guard point.isOfTheLastPart else { return [late] }
                    return [late, CutScenario(point: point, pool: pool, isEarly: true, isEmbedded: true)]
                }
            }
    }

    private var concurrency: Int { pool == "async" ? 8 : 2 }

    /// Who died while it held a chord's claim holds it for so many seconds.
    private static let options: CeleryObject = ["chord_claim_timeout": 4]

    func run() async throws -> Outcome {
        if isEmbedded {
            let directory = try TemporaryDirectory("faults")
            let broker = "sqlite:///\(directory.path("celery.sqlite"))"
            return try await run(at: FaultSite(broker: broker, options: Self.options, directory: directory), nil)
        }
        return try await RedisServer.with { broker in
            guard isApart || [.followUpsPublished, .resultsStored].contains(point) else {
                return try await run(broker, nil)
            }
            return try await RedisServer.with { try await run(broker, $0.url()) }
        }
    }

    private func run(_ broker: RedisServer, _ backend: String?) async throws -> Outcome {
        try await run(at: FaultSite(broker: broker.url(), backend: backend, options: Self.options), broker)
    }

    private func run(at site: FaultSite, _ broker: RedisServer?) async throws -> Outcome {
        try await FaultSite.with(site) { site in
            let dead = try await die(at: site, broker)
            let death = ContinuousClock.now
            if situation != .childWorking { _ = try site.worker(pool, concurrency: concurrency, name: "heir") }
            let tally = try await site.settled(contract: isEarly ? .early : .late, dead: dead)
            let back = (ContinuousClock.now - death).seconds
            var breaches = tally.breaches
            if hasBegunNothing, tally.runTwice + tally.workerLost > 0 {
                breaches.append("nothing had begun, and still: \(tally.description)")
            }
            if isEarly, tally.workerLost > 0 {
                breaches.append("parts that had ended were taken for lost: \(tally.description)")
            }
            if back > 20 { breaches.append("all was back only after \(back.tenths) s") }
            return Outcome(
                point: point,
                row: "\(point.rawValue) | \(pool)\(suffix) | \(tally.cells) | \(back.tenths)",
                breaches: breaches.map { "\(point.rawValue), \(pool)\(suffix): \($0)" }
            )
        }
    }

    var suffix: String {
        (isEarly ? ", early" : "") + (isEmbedded ? ", SQLite" : "") + (isApart ? ", two servers" : "")
            + (isOfChord ? ", a body" : "")
    }

    /// Whether no task can have begun where the process died. Where some are marked as begun, others may have started that the
    /// fetch permitted.
    private var hasBegunNothing: Bool {
        switch point {
        case .epochEntered, .fetchSent, .fetchAnswered, .waitingAnswered, .received, .published, .commandSent: true
        default: false
        }
    }

    // MARK: - Dying

    /// Lets a process get to the step.
    ///
    /// - Returns: The processes that are dead.
    private func die(at site: FaultSite, _ broker: RedisServer?) async throws -> Set<Int32> {
        switch situation {
        case .joining:
            // Parts that end at different times, so that not all are counted at once.
            let task = isEarly ? site.tasks.early : site.tasks.late
            let parts = group([5, 40, 80, 120]) { task.s($0) }
            site.note(try await parts.then(site.tasks.sum.s()).delay().id, .late)
            return [try await death(of: try victim(site), site)]
        case .working where point == .waitingAnswered:
            let worker = try victim(site)
            _ = try await waited(for: "a fetch that waits") {
                try broker?.command("CLIENT", "LIST").text?.contains("cmd=blmove") == true ? true : nil
            }
            try await sendSome(site, milliseconds: 30)
            return [try await death(of: worker, site)]
        case .working, .childWorking:
            try await sendSome(site, milliseconds: 30)
            let worker = try victim(site)
            if point == .dueMoved {
                try await ready(worker)
                try await park(at: site, until: worker)
            }
            return situation == .working ? [try await death(of: worker, site)] : [try await note(site)]
        case .reconnecting:
            try await sendSome(site, milliseconds: 400)
            let worker = try victim(site)
            try await started(site)
            try broker?.command("CLIENT", "KILL", "TYPE", "normal")
            return [try await death(of: worker, site)]
        case .sweeping:
            try await sendSome(site, milliseconds: 400)
            let first = try site.worker(pool, concurrency: concurrency, name: "first")
            try await started(site)
            await first.end()
            return [first.pid, try await death(of: try victim(site), site)]
        case .stopping:
            let worker = try victim(site, concurrency: 2)
            try await ready(worker)
            try await site.send(3, .late, milliseconds: 5, options: SendOptions(countdown: .seconds(3)))
            try await sendSome(site, milliseconds: 150)
            try await started(site)
            worker.signal(SIGTERM)
            return [try await death(of: worker, site)]
        case .restoring:
            try await site.send(4, .late, milliseconds: 30)
            if let broker { try hold(2, broker) }
            return [try await death(of: try victim(site), site)]
        case .sending:
            let client = try site.client(rate: 100, longest: 30, environment: cut(site))
            return [try await death(of: client, site)]
        }
    }

    /// Four that are acknowledged late and four early ones in turn; these with callbacks, or retried, where that is the point.
    private func sendSome(_ site: FaultSite, milliseconds: Int) async throws {
        for _ in 0..<4 {
            try await site.send(1, .late, milliseconds: milliseconds)
            if point == .followUpsPublished {
                let task = site.tasks.early.s(milliseconds).link(site.tasks.early.si(5))
                site.note(try await task.applyAsync().id, .early)
            } else if point == .onwardSettled {
                site.note(try await site.tasks.again.delay(milliseconds).id, .early)
            } else {
                try await site.send(1, .early, milliseconds: milliseconds)
            }
        }
    }

    /// Sends tasks for a little later until the worker is dead: one that it gets only when they are due parks none.
    private func park(at site: FaultSite, until worker: GuardedProcess) async throws {
        for _ in 0..<12 where worker.isRunning {
            try await site.send(2, .late, milliseconds: 5, options: SendOptions(countdown: .milliseconds(500)))
            if try await eventually(within: .seconds(2), { !worker.isRunning }) { return }
        }
    }

    private func started(_ site: FaultSite) async throws {
        _ = try await waited(for: "tasks that run") { site.starts > 0 ? true : nil }
    }

    private func ready(_ worker: GuardedProcess) async throws {
        _ = try await waited(for: "a worker that is ready") { worker.logText.contains(" ready.") ? true : nil }
    }

    private func victim(_ site: FaultSite, concurrency: Int? = nil) throws -> GuardedProcess {
        try site.worker(pool, concurrency: concurrency ?? self.concurrency, name: "victim", environment: cut(site))
    }

    /// The first commands of a client ask for where to send to.
    private func cut(_ site: FaultSite) -> [String: String] {
        let number = [.commandSent: 20, .published: 5][point] ?? 1
        return ["CELERY_CUT_POINT": "\(point.rawValue):\(number)", "CELERY_CUT_NOTE": site.directory.path("cut")]
    }

    /// Waits until the process has died, and of this step.
    private func death(of process: GuardedProcess, _ site: FaultSite) async throws -> Int32 {
        do {
            let code = try await process.exitCode(within: .seconds(30))
            let pid = try await note(site)
            guard code == 128 + SIGKILL, pid == process.pid else { throw ServiceError("it ended with \(code)") }
            return pid
        } catch {
            throw ServiceError("\(point.rawValue), \(pool): no process died of it: \(error)\n\(process.logText)")
        }
    }

    /// The process that noted that it dies.
    private func note(_ site: FaultSite) async throws -> Int32 {
        try await waited(for: "a process that dies at \(point.rawValue)") {
            let words = (try? site.directory.read("cut"))?.split(separator: " ") ?? []
            guard words.count == 2, words[0] == point.rawValue else { return nil }
            return Int32(words[1].dropLast())
        }
    }

    /// Moves messages to where Python workers keep what they hold, as if one had died with them long ago.
    private func hold(_ count: Int, _ broker: RedisServer) throws {
        for number in 0..<count {
            guard let message = try broker.command("RPOP", "celery").text else { throw ServiceError("no message") }
            try broker.command("HSET", "unacked", "tag\(number)", "[\(message), \"celery\", \"celery\"]")
            try broker.command("ZADD", "unacked_index", "1", "tag\(number)")
        }
    }
}

extension CutPoint {
    var situation: CutScenario.Situation {
        switch self {
        case .commandSent, .published: .sending
        case .epochResumed: .reconnecting
        case .closeSent, .closeAnswered, .unparked: .stopping
        case .condemned, .journalSealed, .sweepRead, .swept: .sweeping
        case .unackedRead, .unackedRestored: .restoring
        case .childBegun, .childRan: .childWorking
        case .partsStored, .partsCounted, .chordClaimed, .chordSettled: .joining
        case .epochEntered, .fetchSent, .fetchAnswered, .waitingAnswered, .beginSent, .beginAnswered, .settleSent,
            .settleAnswered,
            .dueMoved,
            .received, .begun, .ended, .followUpsPublished, .resultsStored, .settled, .onwardSettled:
            .working
        }
    }

    /// Steps of chords that only the last of their parts gets to.
    var isOfTheLastPart: Bool { [.chordClaimed, .chordSettled].contains(self) }

    /// Where a pool of processes takes another way: its children begin, and a journal tells what they have begun.
    var differsInChildren: Bool {
        [.beginAnswered, .begun, .settleAnswered, .journalSealed, .closeSent].contains(self)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// What was done to processes, as the supervisor saw it.
struct Strike: Equatable {
    var blow: Plan.Blow
    var pids: Set<Int32>
    var at: Timestamp
}

/// What became of a task in the end, as the result store and the dead letters say.
enum Ending: Equatable {
    case success
    case failure(type: String, at: Timestamp?)
    case deadLetter
    case nothing
}

/// What is promised differs with the way of acknowledging.
enum Contract: String, CaseIterable {
    case early
    case late
}

/// Counts what became of every task and says which promises were broken. A pure function of what was written down.
struct Verdict {
    /// Figures, in the order in which they are printed.
    private(set) var figures: [(name: String, value: String)] = []
    /// Broken promises: empty when all were kept.
    private(set) var broken: [String] = []

    /// Summed up by scripts/faults.sh.
    static let killsFigure = "SIGKILLs of workers and their children"

    struct Rules {
        var contract: Contract
        /// A dead worker's tasks are back within this many seconds.
        var backWithin: Double
        /// How long a stalled worker is stopped, in seconds.
        var stall = 30.0
        /// How long a paused worker is stopped, in seconds.
        var pause = 2.0
        /// Between the end of a task and the moment that its settlement is durable, in seconds; longer where a server may be away.
        var settling = 1.0
        var service = Service()
    }

    private struct Run {
        var process: Ledger.Process
        var attempt: Int
        var start: Timestamp
        var end: Timestamp?
    }

    private struct Life {
        var due: Timestamp?
        var sent: Timestamp?
        var runs: [Run] = []
    }

    private let rules: Rules
    private let strikes: [Int32: [Strike]]
    /// When the server closed connections or was killed.
    private let outages: [Timestamp]
    private var lives: [String: Life] = [:]

    init(entries: [Ledger.Entry], strikes: [Strike], endings: [String: Ending], rules: Rules) {
        self.rules = rules
        var byProcess: [Int32: [Strike]] = [:]
        for strike in strikes { for pid in strike.pids { byProcess[pid, default: []].append(strike) } }
        self.strikes = byProcess
        outages = strikes.filter { [.connections, .server].contains($0.blow) }.map(\.at)
        for entry in entries { read(entry) }
        judge(endings)
        figures.append(("blows", Self.tally(strikes.map(\.blow.rawValue))))
        figures.append((Self.killsFigure, "\(strikes.count { $0.blow.killsWorkers })"))
    }

    private mutating func read(_ entry: Ledger.Entry) {
        switch entry {
        case .sent(let id, let due, let at):
            lives[id, default: Life()].due = due
            lives[id]?.sent = at
        case .started(let id, let process, let attempt, let at):
            lives[id, default: Life()].runs.append(Run(process: process, attempt: attempt, start: at))
        case .ended(let id, let process, let at):
            let runs = lives[id]?.runs ?? []
            guard let index = runs.lastIndex(where: { $0.process == process && $0.end == nil }) else { return }
            lives[id]?.runs[index].end = at
        }
    }

    private mutating func judge(_ endings: [String: Ending]) {
        var counts = Counts()
        for (id, life) in lives {
            let runs = life.runs.sorted { $0.start < $1.start }
            counts.sent += life.due == nil ? 0 : 1
            counts.run += runs.isEmpty ? 0 : 1
            counts.runTwice += runs.count > 1 ? 1 : 0
            judgeEnding(id, life, runs, endings[id] ?? .nothing, &counts)
            judgeRepeats(id, life, runs, &counts)
            judgeStart(id, life, runs.first, &counts)
        }
        for late in counts.backAfter where late > rules.backWithin {
            broken.append(
                "a task was back only \(Self.seconds(late)) after the kill; \(rules.backWithin) s are promised"
            )
        }
        figures = counts.figures
    }

    /// Not before it is due, and not much later while a worker is up, although one who was killed meanwhile may have held it; and where
    /// one after the other was, no later for each of them.
    private mutating func judgeStart(_ id: String, _ life: Life, _ first: Run?, _ counts: inout Counts) {
        guard let due = life.due, let sent = life.sent, let first else { return }
        if first.start < due.advanced(bySeconds: -0.001) {
            broken.append("\(id) started \(due.seconds(since: first.start)) s before its time")
        }
        let holders = max(1, first.attempt - 1)
        let wait = rules.service.seconds(from: max(due, sent), to: first.start)
        counts.startedAfter.append(wait)
        counts.startedAfterEach.append(wait / Double(holders))
        if wait > rules.backWithin * Double(holders) {
            broken.append(
                "\(id) started only \(Self.seconds(wait)) after it was due, at hand-over \(first.attempt); "
                    + "\(rules.backWithin) s are promised for each worker that died with it"
            )
        }
    }

    /// Promise 1: whatever was sent ends, once, in a way that can be seen.
    private mutating func judgeEnding(
        _ id: String,
        _ life: Life,
        _ runs: [Run],
        _ ending: Ending,
        _ counts: inout Counts
    ) {
        let finished = runs.contains { $0.end != nil }
        switch ending {
        case .success:
            counts.successes += 1
            if !finished { broken.append("\(id) has a result but never ran to its end") }
        case .failure("WorkerLostError", let at):
            counts.workerLost += 1
            // Marked as begun, and killed before its first instruction: it ends like one that ran.
            counts.neverRan += runs.isEmpty ? 1 : 0
            guard let strike = runs.last.map({ interruption(of: $0) }) ?? killing(from: life.sent, to: at) else {
                broken.append(
                    "\(id) was given up as WorkerLostError although nothing happened to it: \(history(runs))"
                )
                return
            }
            if rules.contract == .late {
                broken.append("\(id) failed with WorkerLostError in spite of reject_on_worker_lost")
            }
            if let at, strike.blow != .stall { counts.backAfter.append(rules.service.seconds(from: strike.at, to: at)) }
        case .failure(let type, _):
            broken.append("\(id) failed with \(type)")
        case .deadLetter:
            counts.deadLetters += 1
            let deaths = runs.filter { interruption(of: $0) != nil }.count
            if deaths < 5 { broken.append("\(id) became a dead letter after \(deaths) deaths") }
        case .nothing where life.due == nil:
            // Its `delay` never returned: nobody was promised anything.
            return
        case .nothing where finished:
            counts.lost += 1
            broken.append("\(id) ran to its end but has no result")
        case .nothing:
            counts.lost += 1
            broken.append("\(id) is lost: sent, \(runs.isEmpty ? "never run" : "begun"), and no result")
        }
    }

    /// A task runs again only when its worker was hit while it ran (early: not even then), and never twice at a time.
    private mutating func judgeRepeats(_ id: String, _ life: Life, _ runs: [Run], _ counts: inout Counts) {
        guard runs.count > 1 else { return }
        var isSentTwice = false
        defer { counts.sentTwice += isSentTwice ? 1 : 0 }
        if rules.contract == .early {
            isSentTwice = mayBeSentTwice(life)
            guard !isSentTwice else { return }
            broken.append("\(id) ran \(runs.count) times in spite of its early acknowledgement: \(history(runs))")
        }
        var excused = true
        for (run, next) in zip(runs, runs.dropFirst()) {
            guard let strike = interruption(of: run) else {
                excused = false
                isSentTwice = isSentTwice || mayBeSentTwice(life)
                guard !isSentTwice else { continue }
                broken.append("\(id) ran again although nothing had happened to its first run: \(history(runs))")
                continue
            }
            if let end = run.end, end > next.start, strike.blow != .stall {
                isSentTwice = isSentTwice || mayBeSentTwice(life)
                guard !isSentTwice else { continue }
                broken.append("\(id) ran twice at the same time: \(history(runs))")
            }
            // A second return waits with back-off, on purpose; and what another worker took meanwhile and died with was back before.
            if run.attempt == 1, next.attempt == 2, strike.blow != .stall {
                counts.backAfter.append(rules.service.seconds(from: strike.at, to: next.start))
            }
            if let end = run.end, strike.blow != .stall { counts.unsettledFor.append(strike.at.seconds(since: end)) }
        }
        counts.excusedRepeats += excused ? 1 : 0
    }

    /// Whether the connection broke while it was sent: a client that does not know whether it was, sends again, as Celery's do.
    private func mayBeSentTwice(_ life: Life) -> Bool {
        // A client that was killed may have been about to.
        guard let due = life.due, let sent = life.sent else { return true }
        // A task for now is due when its sending begins; a blow to the server is noted a moment before it falls.
        let start = (due < sent ? due : sent.advanced(bySeconds: -6)).advanced(bySeconds: -1)
        return outages.contains { start <= $0 && $0 <= sent }
    }

    /// The blow that hit a run: while it ran, before its end was settled, or just before its start, for a child needs a
    /// moment to notice that its parent is gone.
    private func interruption(of run: Run) -> Strike? {
        let all = (strikes[run.process.pid] ?? []) + (strikes[run.process.parent] ?? [])
        var until = (run.end ?? Timestamp(microseconds: .max / 2)).advanced(bySeconds: rules.settling)
        // A worker that stands still settles nothing.
        if all.contains(where: {
            $0.blow == .pause && $0.at <= until && $0.at.advanced(bySeconds: rules.pause) >= run.start
        }) {
            until = until.advanced(bySeconds: rules.pause)
        }
        return
            all.filter { strike in
                switch strike.blow {
                case .pause, .warm, .client, .connections, .server: false
                case .stall: strike.at <= until && strike.at.advanced(bySeconds: rules.stall + 15) >= run.start
                case .group, .parent, .child: strike.at <= until && strike.at.advanced(bySeconds: 0.5) >= run.start
                }
            }
            .min { $0.at < $1.at }
    }

    /// The last deadly blow to anybody in a span of time.
    private func killing(from: Timestamp?, to: Timestamp?) -> Strike? {
        guard let from, let to else { return nil }
        return strikes.values.joined()
            .filter { strike in
                [.group, .parent, .child, .stall].contains(strike.blow) && strike.at >= from && strike.at <= to
            }
            .max { $0.at < $1.at }
    }

    /// What a reader needs to judge for himself.
    private func history(_ runs: [Run]) -> String {
        runs.map { run in
            "run \(run.attempt) in \(run.process.pid) of \(run.process.parent) from \(run.start.microseconds)"
                + (run.end.map { " to \($0.microseconds)" } ?? ", no end")
        }
        .joined(separator: "; ")
    }

    mutating func add(_ name: String, _ value: String) { figures.append((name, value)) }
    mutating func breach(_ what: String) { broken.append(what) }
}

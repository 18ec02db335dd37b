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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs one campaign: starts workers and a client, strikes them, restarts what died, waits until everything has ended,
/// and hands what was seen to the verdict.
final class Campaign {
    private struct Worker {
        var group: ProcessGroup
        var node: String
        var started: Timestamp
        /// When it said that it was ready, or was continued; nil while it cannot take tasks.
        var servingSince: Timestamp?
        /// How much of its log was there before it started.
        var logStart: Int
        /// When one of its children was last killed.
        var childKilledAt: Timestamp?
        /// When it is to be continued after SIGSTOP.
        var resumeAt: Timestamp?
        /// Whether it was told to end, and when; SIGKILL or SIGTERM.
        var killed = false
        var stoppedWarmAt: Timestamp?
    }

    private let options: RunCommand
    private let environment: CampaignEnvironment
    private let seed: UInt64
    private var plan: Plan
    private var workers: [Worker] = []
    private var client: ProcessGroup?
    private var clients: UInt64 = 0
    private var groups: [ProcessGroup] = []
    private var strikes: [Strike] = []
    private var breaches: [String] = []
    private var slowestWarmStop = 0.0
    private var service = Service()

    init(options: RunCommand, seed: UInt64) throws {
        self.options = options
        self.seed = seed
        plan = Plan(seed: seed, hasChildren: options.pool == "prefork")
        environment = CampaignEnvironment(
            broker: "sqlite:///\(options.folder)/faults.sqlite",
            ledger: "\(options.folder)/ledger.txt",
            lease: options.lease
        )
        for (name, value) in environment.variables { setenv(name, value, 1) }
    }

    func run() async throws -> Verdict {
        defer { for group in groups { group.signalAll(SIGKILL) } }
        let begin = Timestamp.now
        for number in 1...options.workers { workers.append(try startWorker("w\(number)@faults")) }
        try startClient()
        try await wait(1)
        while strikes.count < options.kills {
            try strike(plan.nextBlow())
            try await wait(plan.nextPause())
        }
        client?.signalAll(SIGKILL)
        let endings = try await drain()
        for index in workers.indices { endService(of: index) }
        await stopWorkers()

        let backWithin = 2 * options.lease + (options.lease < 10 ? 2 : 0)
        var verdict = Verdict(
            entries: try Ledger.read(path: environment.ledger),
            strikes: strikes,
            endings: endings,
            rules: Verdict.Rules(
                contract: Contract(rawValue: options.contract.rawValue) ?? .late,
                backWithin: backWithin,
                service: service
            )
        )
        for breach in breaches { verdict.breach(breach) }
        verdict.add("slowest warm stop", "\((slowestWarmStop * 10).rounded() / 10) s")
        let left = await leftBehind()
        verdict.add("processes left behind", "\(left.count)")
        if !left.isEmpty {
            verdict.breach("these process groups were still there 5 s after the last worker had ended: \(left)")
        }
        verdict.add("took", "\(Int(Timestamp.now.seconds(since: begin))) s")
        return verdict
    }

    // MARK: - Processes

    private func startWorker(_ node: String) throws -> Worker {
        let logStart = TextFile.size(of: log(of: node))
        let group = try start(
            ["worker", "-P", options.pool, "-c", "\(options.concurrency)", "-n", node, "-l", "INFO"],
            log: log(of: node)
        )
        return Worker(group: group, node: node, started: .now, logStart: logStart)
    }

    private func startClient() throws {
        clients += 1
        let seed = seed &+ clients
        client = try start(
            ["produce", "--contract", options.contract.rawValue, "--rate", "\(options.rate)", "--seed", "\(seed)"],
            log: "\(options.folder)/client.log"
        )
    }

    private func start(_ arguments: [String], log: String) throws -> ProcessGroup {
        var variables = environment.variables
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "LC_ALL"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        // A crash report takes longer to write than a child takes to start.
        variables["SWIFT_BACKTRACE"] = "enable=no"
        let group = try ProcessGroup(arguments: arguments, environment: variables, log: log)
        groups.append(group)
        // For scripts/faults.sh, which ends them when the harness itself is interrupted.
        try TextFile.append("\(group.leader)\n", to: "\(options.folder)/groups.txt")
        return group
    }

    // MARK: - Blows

    /// Kept beside the ledger, for a look at what broke a promise.
    private func record(_ strike: Strike) {
        strikes.append(strike)
        let pids = strike.pids.sorted().map { "\($0)" }.joined(separator: " ")
        try? TextFile.append("\(strike.at.microseconds) \(strike.blow) \(pids)\n", to: "\(options.folder)/strikes.txt")
    }

    private func strike(_ blow: Plan.Blow) throws {
        let index = plan.index(below: workers.count)
        let group = workers[index].group
        let children = group.children
        var pids = Set(children + [group.leader])
        switch blow {
        case .group, .parent:
            workers[index].killed = true
            endService(of: index)
            record(Strike(blow: blow, pids: pids, at: .now))
            if blow == .group { group.signalAll(SIGKILL) } else { group.signal(SIGKILL) }
        case .child:
            // A worker whose children never live to take a task gives up, and should.
            guard !children.isEmpty, workers[index].servingSince != nil,
                workers[index].childKilledAt.map({ Timestamp.now.seconds(since: $0) > 1 }) ?? true
            else { return }
            workers[index].childKilledAt = .now
            pids = [children[plan.index(below: children.count)]]
            record(Strike(blow: blow, pids: pids, at: .now))
            for pid in pids { kill(pid, SIGKILL) }
        case .pause, .stall:
            guard workers[index].resumeAt == nil, workers.allSatisfy({ $0.resumeAt == nil }) else { return }
            workers[index].resumeAt = .now.advanced(bySeconds: options.lease * (blow == .stall ? 1.5 : 0.2))
            record(Strike(blow: blow, pids: pids, at: .now))
            endService(of: index)
            group.signalAll(SIGSTOP)
        case .warm:
            guard workers[index].stoppedWarmAt == nil, workers[index].resumeAt == nil else { return }
            workers[index].stoppedWarmAt = .now
            endService(of: index)
            record(Strike(blow: blow, pids: pids, at: .now))
            group.signal(SIGTERM)
        case .client:
            guard let client else { return }
            record(Strike(blow: blow, pids: [client.leader], at: .now))
            client.signalAll(SIGKILL)
        }
    }

    /// Waits, and meanwhile replaces what died and continues what was stopped.
    private func wait(_ seconds: Double) async throws {
        let until = Timestamp.now.advanced(bySeconds: seconds)
        repeat {
            try maintain()
            try await Task.sleep(for: .milliseconds(20))
        } while Timestamp.now < until
    }

    private func maintain() throws {
        for index in workers.indices {
            if let resumeAt = workers[index].resumeAt, resumeAt <= .now {
                workers[index].resumeAt = nil
                workers[index].group.signalAll(SIGCONT)
                workers[index].servingSince = .now
            }
            if workers[index].servingSince == nil, isReady(workers[index]) { workers[index].servingSince = .now }
            guard let status = workers[index].group.reap() else {
                if let since = workers[index].stoppedWarmAt, workers[index].resumeAt == nil,
                    Timestamp.now.seconds(since: since) > 60
                {
                    breaches.append("\(workers[index].node) had not ended 60 s after SIGTERM")
                    workers[index].killed = true
                    workers[index].group.signalAll(SIGKILL)
                    workers[index].stoppedWarmAt = nil
                }
                continue
            }
            endService(of: index)
            judgeExit(of: workers[index], status)
            workers[index] = try startWorker(workers[index].node)
        }
        if let group = client, group.reap() != nil { try startClient() }
    }

    private func isReady(_ worker: Worker) -> Bool {
        guard worker.resumeAt == nil, worker.stoppedWarmAt == nil, !worker.killed else { return false }
        return TextFile.text(of: log(of: worker.node), from: worker.logStart).contains(" ready.")
    }

    private func endService(of index: Int) {
        guard let since = workers[index].servingSince else { return }
        workers[index].servingSince = nil
        service.add(from: since, to: .now)
    }

    private func log(of node: String) -> String { "\(options.folder)/\(node.prefix(2)).log" }

    private func judgeExit(of worker: Worker, _ status: Int32) {
        if worker.killed { return }
        if let since = worker.stoppedWarmAt {
            slowestWarmStop = max(slowestWarmStop, Timestamp.now.seconds(since: since))
            // Before its handlers are in place, SIGTERM ends any process.
            let isYoung = since.seconds(since: worker.started) < 2
            if status != 0, !(isYoung && status == 128 + SIGTERM) {
                breaches.append("\(worker.node) ended with \(status) after SIGTERM")
            }
        } else {
            breaches.append("\(worker.node) ended by itself with \(status)")
        }
    }

    // MARK: - The end

    /// Waits until every task that was sent has ended, and returns how.
    private func drain() async throws -> [String: Ending] {
        client = nil
        let app = try LedgerTasks(environment: environment).app
        let deadline = Timestamp.now.advanced(bySeconds: 3 * options.lease + 60)
        var endings: [String: Ending] = [:]
        var ids: Set<String> = []
        var isEmpty = false
        repeat {
            try await wait(0.5)
            ids = Set(
                try Ledger.read(path: environment.ledger)
                    .map { entry in
                        switch entry {
                        case .sent(let id, _, _), .started(let id, _, _, _), .ended(let id, _, _): id
                        }
                    }
            )
            let open = ids.filter { endings[$0] == nil }
            endings.merge(try await self.endings(of: Array(open), app)) { $1 }
            isEmpty = try await app.transport().status(of: []).allSatisfy { $0.ready + $0.delayed + $0.held == 0 }
        } while (endings.count < ids.count || !isEmpty) && Timestamp.now < deadline
        try await judgeQueue(app)
        return endings
    }

    private func endings(of ids: [String], _ app: CeleryApp) async throws -> [String: Ending] {
        var endings: [String: Ending] = [:]
        for (id, meta) in try await app.resultBackend().fetch(ids, timeout: .seconds(10)) where meta.state.isReady {
            switch meta.outcome {
            case .value: endings[id] = .success
            case .exception(let exception):
                let at = meta.dateDone.flatMap { Timestamp(iso8601: $0) }
                endings[id] = .failure(type: exception.type, at: at)
            }
        }
        for letter in try await app.transport().deadLetters.list(.all, limit: 10000) {
            if let id = letter.taskID { endings[id] = .deadLetter }
        }
        return endings
    }

    /// Nothing may be left over: neither waiting nor held.
    private func judgeQueue(_ app: CeleryApp) async throws {
        for queue in try await app.transport().status(of: []) where queue.ready + queue.delayed + queue.held > 0 {
            breaches.append(
                "queue \(queue.name): \(queue.ready) ready, \(queue.delayed) delayed, \(queue.held) held at the end"
            )
        }
    }

    private func stopWorkers() async {
        for index in workers.indices {
            workers[index].group.signalAll(SIGCONT)
            if workers[index].stoppedWarmAt == nil { workers[index].stoppedWarmAt = .now }
            workers[index].group.signal(SIGTERM)
        }
        let deadline = Timestamp.now.advanced(bySeconds: 30)
        var open = workers
        while !open.isEmpty, Timestamp.now < deadline {
            open.removeAll { worker in
                guard let status = worker.group.reap() else { return false }
                judgeExit(of: worker, status)
                return true
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
        for worker in open { breaches.append("\(worker.node) had not ended 30 s after the last SIGTERM") }
    }

    /// Ends what is left, and names the groups.
    private func leftBehind() async -> [Int32] {
        // Children notice the end of their parent within moments.
        let deadline = Timestamp.now.advanced(bySeconds: 5)
        var left = groups
        repeat {
            for group in left { _ = group.reap() }
            left.removeAll { !$0.isAlive }
            try? await Task.sleep(for: .milliseconds(20))
        } while !left.isEmpty && Timestamp.now < deadline
        for group in left { group.signalAll(SIGKILL) }
        return left.map(\.leader)
    }
}

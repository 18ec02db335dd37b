//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What is done to the processes, and what is done when one has ended.
extension Campaign {
    /// Kept beside the ledger, for a look at what broke a promise.
    func record(_ strike: Strike) {
        strikes.append(strike)
        let pids = strike.pids.sorted().map { "\($0)" }.joined(separator: " ")
        try? TextFile.append("\(strike.at.microseconds) \(strike.blow) \(pids)\n", to: "\(options.folder)/strikes.txt")
    }

    func strike(_ blow: Plan.Blow) throws {
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
            workers[index].resumeAt = .now.advanced(bySeconds: options.lease * blow.leases)
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
        case .connections:
            record(Strike(blow: blow, pids: [], at: .now))
            server?.closeConnections()
        case .server:
            // All are away from it for a moment, and then nobody is taken for dead before a whole lease has passed.
            for index in workers.indices where workers[index].servingSince != nil {
                endService(of: index)
                workers[index].servingSince = .now.advanced(bySeconds: 1 + options.lease)
            }
            record(Strike(blow: blow, pids: [], at: .now))
            try server?.restart()
        }
    }

    /// Waits, and meanwhile replaces what died and continues what was stopped.
    func wait(_ seconds: Double) async throws {
        let until = Timestamp.now.advanced(bySeconds: seconds)
        repeat {
            try maintain()
            try await Task.sleep(for: .milliseconds(20))
        } while Timestamp.now < until
    }

    func maintain() throws {
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
        // Their numbers may soon be others'.
        groups.removeAll { !$0.isAlive }
    }

    func isReady(_ worker: Worker) -> Bool {
        guard worker.resumeAt == nil, worker.stoppedWarmAt == nil, !worker.killed else { return false }
        return TextFile.text(of: log(of: worker.node), from: worker.logStart).contains(" ready.")
    }

    func endService(of index: Int) {
        guard let since = workers[index].servingSince else { return }
        workers[index].servingSince = nil
        service.add(from: since, to: .now)
    }

    func log(of node: String) -> String { "\(options.folder)/\(node.prefix(2)).log" }

    func judgeExit(of worker: Worker, _ status: Int32) {
        if worker.killed { return }
        if let since = worker.stoppedWarmAt {
            slowestWarmStop = max(slowestWarmStop, Timestamp.now.seconds(since: since))
            // Before its handlers are in place, SIGTERM ends any process.
            let isYoung = !TextFile.text(of: log(of: worker.node), from: worker.logStart).contains(" ready.")
            if status != 0, !(isYoung && status == 128 + SIGTERM) {
                breaches.append("\(worker.node) ended with \(status) after SIGTERM")
            }
        } else {
            breaches.append("\(worker.node) ended by itself with \(status)")
        }
    }
}

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
    struct Worker {
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

    let options: RunCommand
    let environment: CampaignEnvironment
    let seed: UInt64
    var plan: Plan
    var workers: [Worker] = []
    var client: ProcessGroup?
    var clients: UInt64 = 0
    var groups: [ProcessGroup] = []
    var strikes: [Strike] = []
    var breaches: [String] = []
    var slowestWarmStop = 0.0
    var service = Service()
    /// The broker's own process, where it has one.
    var server: RedisProcess?

    init(options: RunCommand, seed: UInt64) throws {
        self.options = options
        self.seed = seed
        plan = Plan(seed: seed, hasChildren: options.pool == "prefork", hasServer: options.broker == .redis)
        server = options.broker == .redis ? try RedisProcess(folder: options.folder) : nil
        environment = CampaignEnvironment(
            broker: server?.url ?? "sqlite:///\(options.folder)/faults.sqlite",
            ledger: "\(options.folder)/ledger.txt",
            lease: options.lease
        )
        for (name, value) in environment.variables { setenv(name, value, 1) }
    }

    func run() async throws -> Verdict {
        defer {
            for group in groups { group.signalAll(SIGKILL) }
            server?.end()
        }
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
                stall: options.lease * Plan.Blow.stall.leases,
                pause: options.lease * Plan.Blow.pause.leases,
                settling: server == nil ? 1 : 5,
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

    func startWorker(_ node: String) throws -> Worker {
        let logStart = TextFile.size(of: log(of: node))
        let group = try start(
            ["worker", "-P", options.pool, "-c", "\(options.concurrency)", "-n", node, "-l", "INFO"],
            log: log(of: node)
        )
        return Worker(group: group, node: node, started: .now, logStart: logStart)
    }

    func startClient() throws {
        clients += 1
        let seed = seed &+ clients
        client = try start(
            ["produce", "--contract", options.contract.rawValue, "--rate", "\(options.rate)", "--seed", "\(seed)"],
            log: "\(options.folder)/client.log"
        )
    }

    func start(_ arguments: [String], log: String) throws -> ProcessGroup {
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
}

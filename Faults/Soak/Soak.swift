//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryKit
import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One worker and one client on a redis-server for a long time, looked at every ten seconds, while connections of the worker
/// are closed and other clients come and go.
final class Soak {
    /// Seconds between two samples; less in a short soak, so that there are enough to compare.
    private let interval: Double
    private let options: SoakCommand
    private let server: RedisProcess
    private let environment: CampaignEnvironment
    private var groups: [ProcessGroup] = []
    private var latencies: [Double] = []
    /// Clients that come, send a little and leave.
    private var visitors: [ProcessGroup] = []
    private var visits = 0
    private var closed = 0
    /// How the worker calls its connections.
    private static let workerName = "soak-worker"

    init(_ options: SoakCommand) throws {
        self.options = options
        interval = min(10, options.minutes * 60 / 24)
        // Nothing is killed here, and half an hour of changes would fill a disk.
        server = try RedisProcess(folder: options.folder, isPersistent: false)
        environment = CampaignEnvironment(broker: server.url, ledger: "\(options.folder)/ledger", lease: 10)
        for (name, value) in environment.variables { setenv(name, value, 1) }
    }

    func run() async throws -> (SoakVerdict, [SoakSample]) {
        defer {
            for group in groups + visitors { group.signalAll(SIGKILL) }
            server.end()
        }
        let worker = try await startWorker()
        let tasks = try LedgerTasks(environment: environment)
        let sent = try CountingFile(path: environment.sentTicks)
        let client = try start(["pace", "--rate", "\(options.rate)", "--seconds", "\(options.minutes * 60)"], "client")
        groups.append(client)
        var samples: [SoakSample] = []
        let begin = ContinuousClock.now
        var next = interval
        var nextChurn = options.churn
        while client.reap() == nil {
            try await probe(tasks.tick, sent)
            try await Task.sleep(for: .milliseconds(200))
            let elapsed = (ContinuousClock.now - begin) / .seconds(1)
            if options.churn > 0, elapsed >= nextChurn {
                nextChurn += options.churn
                try churn()
            }
            guard elapsed >= next else { continue }
            next += interval
            samples.append(sample(at: elapsed, worker))
        }
        await leave()
        await drain()
        var verdict = SoakVerdict(
            samples,
            sent: TextFile.size(of: environment.sentTicks),
            run: TextFile.size(of: environment.runTicks),
            rate: options.rate
        )
        verdict.add("connections of the worker closed", "\(closed)")
        verdict.add("clients that came and went", "\(visits)")
        if options.churn > 0, closed == 0 || visits == 0 { verdict.breach("nothing came and went") }
        if worker.reap() != nil { verdict.breach("the worker ended by itself") }
        await tasks.app.shutdown()
        return (verdict, samples)
    }

    private func startWorker() async throws -> ProcessGroup {
        // Results go soon, so that what the server keeps reaches its level early.
        let expires = max(5, min(60, options.minutes * 60 / 8))
        // Its connections have a name of their own. Those of who sends are left alone: who does not hear whether a task was
        // sent sends it again, and then the counts would tell nothing.
        var own = environment
        own.options["client_name"] = .string(Self.workerName)
        let worker = try start(
            [
                "worker", "-P", options.pool, "-c", "\(options.concurrency)", "-l", "WARNING",
                "result_expires=\(expires)",
            ],
            "worker",
            own
        )
        groups.append(worker)
        let deadline = ContinuousClock.now + .seconds(20)
        while Int(server.answer(["HLEN", "_swift.epochs"])) ?? 0 == 0 {
            guard ContinuousClock.now < deadline else {
                throw HarnessError("no worker: see \(options.folder)/worker.log")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return worker
    }

    private func start(
        _ arguments: [String],
        _ name: String,
        _ own: CampaignEnvironment? = nil
    ) throws -> ProcessGroup {
        var variables = (own ?? environment).variables
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "LC_ALL"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        let log = "\(options.folder)/\(name).log"
        let group = try ProcessGroup(arguments: arguments, environment: variables, log: log)
        // For scripts/faults.sh, which ends them when the harness itself is interrupted.
        try TextFile.append("\(group.leader)\n", to: "\(options.folder)/groups.txt")
        return group
    }

    /// Closes a connection of the worker, and lets a client come that sends a little and leaves without a word.
    private func churn() throws {
        visitors.removeAll { $0.reap() != nil }
        if server.closeConnection(named: Self.workerName) { closed += 1 }
        visitors.append(try start(["pace", "--rate", "50", "--seconds", "0.2"], "visitors"))
        visits += 1
    }

    /// Waits until the last of them have left, ten seconds at most.
    private func leave() async {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            visitors.removeAll { $0.reap() != nil }
            guard !visitors.isEmpty, ContinuousClock.now < deadline else { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Sends a task among the others, and waits for its result.
    private func probe(_ tick: TaskHandle<Int, Int>, _ sent: CountingFile) async throws {
        let start = ContinuousClock.now
        let result = try await tick.delay(1)
        sent.count()
        _ = try await result.get(timeout: .seconds(30))
        latencies.append((ContinuousClock.now - start) / .milliseconds(1))
    }

    private func sample(at seconds: Double, _ worker: ProcessGroup) -> SoakSample {
        let processes = [worker.leader] + worker.children
        let memory = MemoryReading.of(processes)
        defer { latencies = [] }
        return SoakSample(
            seconds: seconds,
            runs: TextFile.size(of: environment.runTicks),
            pss: memory.pss,
            rss: memory.rss,
            serverMemory: information("memory", "used_memory") / 1_048_576,
            keys: Int(server.answer(["DBSIZE"])) ?? 0,
            waiting: Int(server.answer(["LLEN", "celery"])) ?? 0,
            descriptors: DescriptorReading.of(processes),
            clients: Int(information("clients", "connected_clients")),
            latencies: latencies
        )
    }

    /// One number of what the server tells about itself.
    private func information(_ section: String, _ field: String) -> Double {
        let mark = field + ":"
        let line = server.answer(["INFO", section]).split(whereSeparator: \.isNewline).first { $0.hasPrefix(mark) }
        return line.flatMap { Double($0.dropFirst(mark.count)) } ?? 0
    }

    /// Waits until as many have run as were sent, a minute at most.
    private func drain() async {
        let deadline = ContinuousClock.now + .seconds(60)
        while TextFile.size(of: environment.runTicks) < TextFile.size(of: environment.sentTicks),
            ContinuousClock.now < deadline
        { try? await Task.sleep(for: .milliseconds(50)) }
    }
}

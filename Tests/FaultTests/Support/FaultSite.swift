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
import Synchronization

@testable import FaultHarness

/// A broker, a ledger outside of it, workers and clients as processes of their own, and a client that writes down what it sent.
final class FaultSite: Sendable {
    let directory: TemporaryDirectory
    let environment: CampaignEnvironment
    let tasks: LedgerTasks
    private let ledger: Ledger
    private let contracts = Mutex<[String: Contract]>([:])
    private let processes = Mutex<[GuardedProcess]>([])

    /// - Parameters:
    ///   - backend: Where results go; the broker when nil.
    ///   - options: Transport options.
    init(
        broker: String,
        backend: String? = nil,
        lease: Double = 2,
        options: CeleryObject = [:],
        directory: TemporaryDirectory? = nil
    ) throws {
        self.directory = try directory ?? TemporaryDirectory("faults")
        environment = CampaignEnvironment(
            broker: broker,
            backend: backend,
            ledger: self.directory.path("ledger"),
            lease: lease,
            options: options
        )
        ledger = try Ledger(path: environment.ledger)
        tasks = try LedgerTasks(environment: environment)
    }

    // MARK: - Processes

    /// Starts a worker.
    ///
    /// - Parameter arguments: Further options, and settings as `name=value`.
    func worker(
        _ pool: String = "async",
        concurrency: Int = 8,
        name: String = "w",
        arguments: [String] = [],
        environment more: [String: String] = [:]
    ) throws -> GuardedProcess {
        try start(
            ["worker", "-P", pool, "-c", "\(concurrency)", "-n", "\(name)@faults", "-l", "INFO"] + arguments,
            log: "\(name)-\(UUID().uuidString.prefix(8)).log",
            more
        )
    }

    /// Starts a client that sends at a steady rate, each task for 1 to so many milliseconds.
    func client(
        _ contract: Contract = .late,
        rate: Double,
        longest: Int = 200,
        prompt: Bool = false,
        environment more: [String: String] = [:]
    ) throws -> GuardedProcess {
        try start(
            [
                "produce", "--contract", contract.rawValue, "--rate", "\(rate)", "--longest", "\(longest)", "--seed",
                "\(UInt64.random(in: 0..<1_000_000))",
            ] + (prompt ? ["--prompt"] : []),
            log: "client.log",
            more
        )
    }

    private func start(_ arguments: [String], log: String, _ more: [String: String]) throws -> GuardedProcess {
        var variables = environment.variables
        // A crash report takes longer to write than a process takes to start; journals are to go with the folder.
        variables["SWIFT_BACKTRACE"] = "enable=no"
        variables["TMPDIR"] = directory.url.path
        let process = try GuardedProcess(
            TestPrograms.products.appendingPathComponent("FaultHarness").path,
            arguments,
            environment: variables.merging(more) { $1 },
            directory: directory.url,
            log: directory.url.appendingPathComponent(log)
        )
        processes.withLock { $0.append(process) }
        return process
    }

    // MARK: - Tasks

    /// Sends tasks that take so long, and writes them down.
    func send(_ count: Int, _ contract: Contract, milliseconds: Int, options: SendOptions = SendOptions()) async throws
    {
        let task = contract == .late ? tasks.late : tasks.early
        for _ in 0..<count { note(try await task.applyAsync(milliseconds, options: options).id, contract) }
    }

    /// Writes down that a task was sent.
    func note(_ id: String, _ contract: Contract) {
        contracts.withLock { $0[id] = contract }
        ledger.append(.sent(id: id, due: .now, at: .now))
    }

    var entries: [Ledger.Entry] { (try? Ledger.read(path: environment.ledger)) ?? [] }

    /// How many tasks were sent.
    var sent: Int { entries.count { if case .sent = $0 { true } else { false } } }

    /// How often a task has begun.
    var starts: Int { entries.count { if case .started = $0 { true } else { false } } }

    /// How often one has begun in these processes or their children.
    func starts(under processes: Set<Int32>) -> Int {
        entries.count { entry in
            guard case .started(_, let process, _, _) = entry else { return false }
            return processes.contains(process.pid) || processes.contains(process.parent)
        }
    }

    /// How many run in a process and its children.
    func running(under process: Int32) -> Int {
        starts(under: [process])
            - entries.count { entry in
                guard case .ended(_, let other, _) = entry else { return false }
                return other.pid == process || other.parent == process
            }
    }

    /// How many of ``starts`` have come to their end.
    var ends: Int { entries.count { if case .ended = $0 { true } else { false } } }

    /// Waits until everything that was sent or begun has ended and nothing lies in the broker any more, or for so long; counts.
    ///
    /// - Parameter contract: Of what clients have sent.
    func settled(
        within limit: Duration = .seconds(40),
        contract: Contract = .late,
        dead: Set<Int32> = []
    ) async throws -> Tally {
        var endings: [String: Ending] = [:]
        var ids: Set<String> = []
        let isOver = try await eventually(within: limit) {
            ids = Set(entries.map(\.id))
            let queues = try? await self.tasks.app.transport().status(of: [])
            endings.merge((try? await self.tasks.app.endings(of: ids.filter { endings[$0] == nil })) ?? [:]) { $1 }
            return endings.count == ids.count && queues?.allSatisfy { $0.ready + $0.delayed + $0.held == 0 } == true
        }
        // Also of what began only after the last look at the ledger: its sender died before it could write it down.
        let begun = isOver ? Set(entries.map(\.id)).subtracting(ids) : []
        ids.formUnion(begun)
        let unknown = isOver ? begun : ids
        if !unknown.isEmpty { endings.merge(try await tasks.app.endings(of: unknown)) { $1 } }
        var contracts = self.contracts.withLock { $0 }
        for id in ids where contracts[id] == nil { contracts[id] = contract }
        guard !ids.isEmpty else { throw ServiceError("the ledger is empty") }
        return Tally(entries, endings: endings, contracts: contracts, dead: dead)
    }

    /// Kills what runs.
    func end() async {
        for process in processes.withLock({ $0 }) { await process.end() }
        await tasks.app.shutdown()
    }

    /// Runs a test, and cleans up however it ends.
    static func with<Result>(_ site: FaultSite, _ body: (FaultSite) async throws -> Result) async throws -> Result {
        do {
            let result = try await body(site)
            await site.end()
            return result
        } catch {
            await site.end()
            throw error
        }
    }
}

extension Ledger.Entry {
    var id: String {
        switch self {
        case .sent(let id, _, _), .started(let id, _, _, _), .ended(let id, _, _): id
        }
    }
}

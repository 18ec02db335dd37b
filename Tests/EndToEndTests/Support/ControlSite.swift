//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import Foundation
import ServiceTestSupport
import Synchronization

/// A broker between processes.
enum FleetBroker: String, Sendable, CaseIterable, CustomStringConvertible {
    /// One SQLite file.
    case embedded
    /// A redis-server of the test's own, which writes everything to its disk.
    case redis

    /// Those that are there; both when absence is to be an error.
    static var available: [FleetBroker] { RedisServer.isAvailable ? allCases : [.embedded] }

    var description: String { rawValue }
}

/// A broker, an app that steers from outside, and worker processes.
final class ControlSite: Sendable {
    let directory: TemporaryDirectory
    let app: CeleryApp
    /// The broker's process; nil for the embedded one.
    let server: RedisServer?
    let broker: String
    let backend: String
    private let workers = Mutex<[SwiftWorkerProcess]>([])

    fileprivate init(server: RedisServer?, _ directory: TemporaryDirectory) {
        self.directory = directory
        self.server = server
        let file = "sqlite:///\(directory.path("celery.sqlite"))"
        (broker, backend) = (server?.url() ?? file, server?.url(database: 1) ?? file)
        app = CeleryApp("control-client", broker: broker, backend: backend)
    }

    /// Starts a worker, and waits until it is ready and hears commands.
    func worker(
        _ name: String = "w1@control",
        pool: String = "prefork",
        concurrency: Int = 2,
        queues: [String] = ["celery"],
        _ arguments: String...
    ) async throws -> SwiftWorkerProcess {
        let worker = try await start(name, pool, concurrency, queues, arguments)
        let quick = ControlOptions(destination: [name], timeout: .seconds(1))
        guard try await eventually({ try await app.inspect(quick).ping() == [name] }) else {
            throw ServiceError("\(name) does not answer\n\(worker.logText)")
        }
        return worker
    }

    /// Starts a worker that hears no commands.
    func deafWorker(_ name: String, queues: [String]) async throws -> SwiftWorkerProcess {
        try await start(name, "prefork", 1, queues, ["--without-remote-control"])
    }

    private func start(
        _ name: String,
        _ pool: String,
        _ concurrency: Int,
        _ queues: [String],
        _ arguments: [String]
    ) async throws -> SwiftWorkerProcess {
        let worker = try SwiftWorkerProcess(
            name,
            broker: broker,
            backend: backend,
            pool: pool,
            concurrency: concurrency,
            queues: queues,
            arguments: arguments,
            environment: ["INTEROP_LEDGER": directory.path("ledger")],
            directory: directory
        )
        workers.withLock { $0.append(worker) }
        try await worker.waitUntilReady()
        return worker
    }

    /// Steers one worker, and waits for it to answer.
    func control(_ name: String = "w1@control") -> Control {
        app.control(ControlOptions(destination: [name], timeout: .seconds(30)))
    }

    func inspect(_ name: String = "w1@control") -> Inspect {
        app.inspect(ControlOptions(destination: [name], timeout: .seconds(30)))
    }

    func send(_ name: String, _ args: CeleryValue..., options: SendOptions = SendOptions()) async throws -> AsyncResult<
        CeleryValue
    > {
        try await app.sendTask(name, args: args, options: options)
    }

    /// A task that runs until ``open(_:)``.
    func hold(_ gate: String = "gate", options: SendOptions = SendOptions()) async throws -> AsyncResult<CeleryValue> {
        try await app.sendTask("interop.hold", args: [.string(directory.path(gate))], options: options)
    }

    func open(_ gate: String = "gate") throws { try directory.write("", to: gate) }

    /// Waits until a worker says that these run, and returns the process of each.
    @discardableResult
    func running(_ results: [AsyncResult<CeleryValue>], in name: String = "w1@control") async throws -> [String: Int32]
    {
        let wanted = Set(results.map(\.id))
        return try await waited(for: "\(wanted.count) tasks that run in \(name)", within: .seconds(60)) {
            let active = try await inspect(name).active()[name] ?? []
            let found = active.filter { wanted.contains($0.id) }
            guard found.count == wanted.count else { return nil }
            return Dictionary(found.map { ($0.id, Int32($0.workerPID ?? 0)) }, uniquingKeysWith: { $1 })
        }
    }

    /// Starts a command of the worker's program, in a process of its own. It is ended when nothing holds it any more.
    func tool(_ words: String...) throws -> GuardedProcess {
        try GuardedProcess(
            TestPrograms.products.appendingPathComponent("EndToEndApp").path,
            words,
            environment: ["CELERY_BROKER_URL": broker, "CELERY_RESULT_BACKEND": backend, "NO_COLOR": "1"],
            directory: directory.url,
            log: directory.url.appendingPathComponent("tool-\(UUID().uuidString.prefix(8)).log")
        )
    }

    /// How many tasks a queue has that nobody runs, held by workers or not.
    func left(in queue: String = "celery") async throws -> Int {
        guard let status = try await app.transport().status(of: [queue]).first else { return 0 }
        return status.ready + status.delayed + status.held
    }

    /// What marking tasks have written, in order.
    var ledger: [String] { ((try? directory.read("ledger")) ?? "").split(separator: "\n").map(String.init) }

    private func close() async {
        for worker in workers.withLock({ $0 }) { await worker.end() }
        await app.shutdown()
        directory.remove()
    }

    /// Runs a test and cleans up after it, however it ends.
    static func with(_ broker: FleetBroker, _ body: (ControlSite) async throws -> Void) async throws {
        func run(_ server: RedisServer?) async throws {
            let site = ControlSite(server: server, try TemporaryDirectory("control"))
            do {
                try await body(site)
            } catch {
                for worker in site.workers.withLock({ $0 }) { print("\(worker.name) said:\n\(worker.logText)") }
                await site.close()
                throw error
            }
            await site.close()
        }
        switch broker {
        case .embedded: try await run(nil)
        case .redis: try await RedisServer.with(RedisServerOptions(appendOnly: .always)) { try await run($0) }
        }
    }
}

/// Whether a process is there.
func isAlive(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

/// What it costs to watch and to steer workers on one broker.
final class FleetBench {
    enum Pool: String, CaseIterable {
        case async
        case prefork

        var slots: Int { self == .async ? 256 : 4 }
    }

    static let node = "bench@fleet"
    let tasks: FleetTasks
    let options: FleetOptions
    /// Nil on the embedded broker.
    let server: BenchServer?
    let folder: URL
    private var rows: [[String]] = []

    init(_ tasks: FleetTasks, _ options: FleetOptions) throws {
        (self.tasks, self.options) = (tasks, options)
        server = options.isEmbedded ? nil : try BenchServer()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fleet-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = server?.url ?? "sqlite:///" + path("celery.sqlite")
        let environment = [
            "CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url, "FLEET_ENDS": path("ends"),
            "FLEET_LEDGER": path("ledger"),
        ]
        for (name, value) in environment { setenv(name, value, 1) }
    }

    func run() async throws {
        defer {
            server?.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let started = Date()
        for pool in Pool.allCases {
            if options.wants("status") { try await status(pool) }
            if options.wants("revoke") { try await revoke(pool) }
            if options.wants("events") {
                try await events(pool)
                try await eventsOfDrain(pool)
            }
        }
        if options.wants("revocations") { try await revocations() }
        await tasks.app.shutdown()
        try finish(started)
    }

    /// Leaves nothing in the queues.
    func clear() async throws {
        if let server { return try server.clear() }
        _ = try await tasks.app.transport().purge(["celery", "hold"])
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    func add(_ what: String, _ pool: Pool?, _ figure: String, aim: String = "") {
        rows.append([what, pool?.rawValue ?? "", figure, aim])
        say("\(what) \(pool?.rawValue ?? ""): \(figure)")
    }

    var control: ControlOptions { ControlOptions(destination: [Self.node], timeout: .seconds(10)) }

    /// A worker that answers.
    func worker(_ pool: Pool, _ more: [String] = []) async throws -> MeasuredProcess {
        let worker = try MeasuredProcess(
            ["worker", "-P", pool.rawValue, "-c", "\(pool.slots)", "-n", Self.node, "-Q", "celery,hold"] + more
        )
        let quick = ControlOptions(destination: [Self.node], timeout: .milliseconds(200))
        while try await tasks.app.inspect(quick).ping().isEmpty {
            guard worker.isRunning else { throw BareConnection.Failure(what: "the worker ended:\n\(worker.output)") }
        }
        return worker
    }

    /// As many tasks as one process can send.
    func load() async throws -> MeasuredProcess {
        let load = try MeasuredProcess(["load", "0", "3600"])
        while try await queued() == 0, load.isRunning { try await Task.sleep(for: .milliseconds(10)) }
        // Until the queue is long enough for the worker to have work at any moment.
        while try await queued() < 2000, load.isRunning { try await Task.sleep(for: .milliseconds(10)) }
        return load
    }

    func queued() async throws -> Int {
        let status = try await tasks.app.transport().status(of: ["celery"]).first
        return (status?.ready ?? 0) + (status?.held ?? 0)
    }

    private func finish(_ started: Date) throws {
        let date = ISO8601DateFormatter().string(from: started).prefix(10)
        let commit = ProcessInfo.processInfo.environment["BENCH_COMMIT"] ?? "unknown"
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first ?? "?"
        let broker = try server.map { "Redis \(try $0.version)" } ?? "the embedded broker"
        let table =
            ["| | pool | figure | aim |", "|---|---|---:|---|"] + rows.map { "| \($0.joined(separator: " | ")) |" }
        let text = """
            # A fleet: measured

            \(date), commit \(commit), \(ProcessInfo.processInfo.activeProcessorCount) cores, \(broker)\
            \(options.isQuick ? ", quick" : ""), \(Int(-started.timeIntervalSinceNow)) s; load average at the end \(load).

            \(table.joined(separator: "\n"))

            """
        print(text)
        guard let output = options.output else { return }
        try text.write(toFile: output, atomically: true, encoding: .utf8)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

/// All measurements, several rounds of them, both sides in turn against one server.
struct RedisBench {
    let tasks: BenchTasks
    let options: BenchOptions
    let server: BenchServer
    let folder: URL
    var report = Report()
    var floors: [Place: [Double]] = [:]
    /// What is measured with few and with many.
    var scales: [[String]] = []

    init(_ tasks: BenchTasks, _ options: BenchOptions) throws {
        (self.tasks, self.options) = (tasks, options)
        server = try BenchServer()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("redis-bench-files-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, value) in Self.environment(server, folder) { setenv(name, value, 1) }
    }

    private static func environment(_ server: BenchServer, _ folder: URL) -> [String: String] {
        [
            "CELERY_BROKER_URL": server.url, "CELERY_RESULT_BACKEND": server.url, "PYTHONDONTWRITEBYTECODE": "1",
            "BENCH_STARTS": folder.appendingPathComponent("starts").path,
        ]
    }

    var systems: [System] { System.allCases.filter { options.python != nil || !$0.isCelery } }

    mutating func run() async throws {
        defer {
            server.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let started = Date()
        for round in 1...max(1, options.rounds) {
            say("round \(round)")
            for system in systems where options.wants("drain") {
                for hasResults in [false, true] { try await drain(system, hasResults: hasResults) }
            }
            if options.wants("publish") { try await publishing() }
            for system in systems where ["latency", "open", "life", "canvas"].contains(where: options.wants) {
                try await live(system)
            }
            if options.wants("floor") { try await floor() }
        }
        if options.wants("idle") { try await idle() }
        if options.only.contains("sizes") { try await sizes() }
        // Waking up is a part of the scale that can be measured by itself.
        if !options.only.isDisjoint(with: ["scale", "wake"]) { try await scale() }
        await tasks.app.shutdown()
        try finish(started)
    }

    func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    func worker(_ system: System, _ more: [String] = [], on other: BenchServer? = nil) throws -> MeasuredProcess {
        let environment = Self.environment(other ?? server, folder)
        guard system.isCelery, let python = options.python else {
            return try MeasuredProcess(["worker"] + system.pool + more, environment: environment)
        }
        let path = ["PYTHONPATH": options.scripts]
        return try MeasuredProcess(
            ["-m", "celery", "-A", "bench_tasks", "worker"] + system.pool + more,
            of: python,
            environment: environment.merging(path) { $1 }
        )
    }

    /// What Celery's client measured.
    func celery(_ arguments: String...) throws -> [String: Any] {
        guard let python = options.python else { return [:] }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [options.scripts + "/bench_tasks.py"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.runUnblocked()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    private func finish(_ started: Date) throws {
        let date = ISO8601DateFormatter().string(from: started).prefix(10)
        let commit = ProcessInfo.processInfo.environment["BENCH_COMMIT"] ?? "unknown"
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first ?? "?"
        let text = """
            # Redis: measured

            \(date), commit \(commit), \(ProcessInfo.processInfo.activeProcessorCount) cores, Redis \(try server.version), \
            \(options.rounds) \(options.rounds == 1 ? "round" : "rounds") of \(options.tasks) tasks\
            \(options.isQuick ? ", quick" : ""), \(Int(-started.timeIntervalSinceNow)) s; load average at the end \(load), of \
            which the measurement itself is about 2. Medians; the last columns say how many times better than Celery's prefork.

            \(report.table)

            \(floorTable)

            \(scaleTable)

            """
        print(text)
        guard let output = options.output else { return }
        try text.write(toFile: output, atomically: true, encoding: .utf8)
    }
}

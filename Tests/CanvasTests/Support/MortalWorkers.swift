//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import Foundation
import ServiceTestSupport
import Synchronization

/// Workers of ours in processes of their own, which are killed at random and started again; of Python's beside them see
/// ``MortalPython``.
final class MortalWorkers: Sendable {
    /// What a blow hits.
    enum Blow: String, CaseIterable {
        /// The worker and all of its processes.
        case all
        /// Of a prefork worker, the main process: its children have to notice.
        case main
        /// Of a prefork worker, one of its children.
        case child
    }

    struct Worker: Sendable {
        let pool: String
        let chainInlineLimit: Int?
        var process: GuardedProcess
    }

    /// How many blows of each kind have struck, by pool and kind.
    let blows = Mutex<[String: Int]>([:])
    private let directory: TemporaryDirectory
    private let environment: [String: String]
    private let workers = Mutex<[Worker]>([])
    /// All that were ever started.
    private let started = Mutex<[GuardedProcess]>([])
    /// What was struck, and when.
    private let struck = Mutex<[FinishedRuns.Blow]>([])

    init(
        broker: String,
        backend: String?,
        queue: String,
        directory: TemporaryDirectory,
        milliseconds: Int,
        isEarly: Bool = false,
        visibility: Int? = nil
    ) throws {
        self.directory = directory
        var environment = [
            "CELERY_BROKER_URL": broker, "CANVAS_QUEUE": queue, "CANVAS_PAUSE": "\(milliseconds)",
            "CANVAS_LEASE": "2000",
            "TMPDIR": directory.url.path, "CANVAS_RUNS": directory.path("runs"), "SWIFT_BACKTRACE": "enable=no",
        ]
        environment["CELERY_RESULT_BACKEND"] = backend
        if isEarly { environment["CANVAS_EARLY"] = "1" }
        environment["CANVAS_VISIBILITY"] = visibility.map { "\($0)" }
        self.environment = environment
    }

    func start(_ pool: String, chainInlineLimit: Int? = nil) throws {
        let process = try launch(pool, chainInlineLimit)
        let worker = Worker(pool: pool, chainInlineLimit: chainInlineLimit, process: process)
        workers.withLock { $0.append(worker) }
    }

    private func launch(_ pool: String, _ chainInlineLimit: Int?) throws -> GuardedProcess {
        var environment = environment
        environment["CANVAS_INLINE_LIMIT"] = chainInlineLimit.map { "\($0)" }
        let name = "\(pool)-\(UUID().uuidString.prefix(8))"
        let process = try GuardedProcess(
            TestPrograms.products.appendingPathComponent("CanvasTestApp").path,
            ["worker", "-P", pool, "-c", pool == "async" ? "6" : "2", "-n", "\(name)@canvas", "-l", "INFO"],
            environment: environment,
            directory: directory.url,
            log: directory.url.appendingPathComponent("\(name).log")
        )
        started.withLock { $0.append(process) }
        return process
    }

    func waitUntilReady() async throws {
        for worker in workers.withLock({ $0 }) {
            _ = try await waited(for: "a worker that is ready\n\(worker.process.logText)", within: .seconds(60)) {
                worker.process.logText.contains(" ready.") ? true : nil
            }
        }
    }

    /// Kills one of them, or a part of it, and starts another in its place.
    func strike(_ generator: inout SeededGenerator) async throws {
        let victims = workers.withLock { $0 }
        let index = Int.random(in: victims.indices, using: &generator)
        let victim = victims[index]
        var blow = Blow.all
        if victim.pool == "prefork" { blow = Blow.allCases.randomElement(using: &generator) ?? .all }
        blows.withLock { $0["\(victim.pool) \(blow.rawValue)", default: 0] += 1 }
        switch blow {
        case .child:
            // Its worker starts another by itself.
            guard let child = Self.members(of: victim.process.pid).randomElement(using: &generator) else { return }
            note(child)
            kill(child, SIGKILL)
            return
        case .main:
            note(victim.process.pid)
            victim.process.signal(SIGKILL)
            try await victim.process.exitCode()
        case .all:
            note(victim.process.pid)
            await victim.process.end()
        }
        let process = try launch(victim.pool, victim.chainInlineLimit)
        workers.withLock { $0[index].process = process }
    }

    private func note(_ pid: Int32) {
        struck.withLock { $0.append(FinishedRuns.Blow(pids: [pid], at: .now)) }
    }

    /// Tasks that ran to their end again although nothing had happened to the run before.
    var repeated: [String] {
        let finished = FinishedRuns((try? directory.read("runs")) ?? "")
        // On a busy machine a short lease may run out although nobody was struck.
        let late = Set(started.withLock { $0 }.filter { $0.logText.contains("was taken for dead") }.map(\.pid))
        let outlived = finished.runs.filter { late.contains($0.pid) || late.contains($0.parent) }
            .map { FinishedRuns.Blow(pids: [$0.pid], at: $0.end) }
        return finished.repeated(struck.withLock { $0 } + outlived)
    }

    /// The processes of a group beside its leader.
    private static func members(of group: Int32) -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { $0 != group && getpgid($0) == group }
    }

    /// What all of them have logged that is worse than a warning.
    var complaints: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.url.path)) ?? []
        return files.filter { $0.hasSuffix(".log") }
            .flatMap { file -> [String] in
                ((try? directory.read(file)) ?? "").split(separator: "\n").map(String.init)
                    .filter { ($0.contains("ERROR") || $0.contains("CRITICAL")) && !$0.contains("ValueError('boom')") }
            }
    }

    func end() async {
        for worker in workers.withLock({ $0 }) { await worker.process.end() }
    }
}

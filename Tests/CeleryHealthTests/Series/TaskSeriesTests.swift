//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryCore
import CeleryKit
import Logging
import Testing

@testable import CeleryHealth
@testable import CeleryWorker

/// What a worker counts of its tasks, on the page.
@Suite(.timeLimit(.minutes(2))) struct TaskSeriesTests {
    private let metrics = HealthService.makeMetrics()

    /// Values of the counter by task, of one state.
    private func ends(_ state: String) -> [String: Double] {
        let family = metrics.snapshot().first { $0.name == "celery_worker_tasks_total" }
        return (family?.samples ?? [])
            .reduce(into: [:]) { ends, sample in
                guard sample.labels.contains(where: { $0.name == "state" && $0.value == state }),
                    let task = sample.labels.first(where: { $0.name == "task" })?.value
                else { return }
                ends[task] = sample.value
            }
    }

    private func names(of family: String) -> Set<String> {
        let samples = metrics.snapshot().first { $0.name == family }?.samples ?? []
        return Set(samples.compactMap { sample in sample.labels.first { $0.name == "task" }?.value })
    }

    @Test func aThousandTasksThatEndInEveryStateAreAllCounted() {
        let worker = WorkerMetrics([metrics])
        let states = ["SUCCESS", "FAILURE", "RETRY", "REVOKED", "REJECTED", "IGNORED"]
        for state in states {
            for number in 0..<1000 { worker.ended("app.t\(number)", state: state, runtime: .milliseconds(1)) }
        }
        for state in states { #expect(ends(state).count == 1000) }
        #expect(ends("FAILURE")["app.t999"] == 1)
        #expect(!metrics.snapshot().contains { $0.name == "celery_health_dropped_series_total" })
    }

    @Test func whatHasNotRunHasNoRunTime() {
        let worker = WorkerMetrics([metrics])
        worker.ended("app.revoked", state: "REVOKED", runtime: nil)
        #expect(ends("REVOKED") == ["app.revoked": 1])
        #expect(names(of: "celery_worker_task_runtime_seconds").isEmpty)
    }

    @Test func namesThatAnybodyCanSendAreCountedTogether() async throws {
        var registry = PluginRegistry()
        registry.registerMemory()
        var settings = CelerySettings()
        (settings.brokerURL, settings.resultBackend) = ("memory://", "memory://")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let app = CeleryApp("test", registry: registry, settings: settings, logger: logger)
        let known = app.task("known") { () in 1 }
        let worker = try Worker(app, pool: .async(concurrency: 4))
        worker.observe(with: metrics)
        async let running: Void = worker.run()
        for number in 0..<50 {
            let result = try await app.sendTask("nobody.\(number)")
            await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
        }
        #expect(try await known.delay().get(timeout: .seconds(60)) == 1)
        worker.shutdown(.warm)
        try await running
        #expect(ends("FAILURE") == ["(other)": 50])
        #expect(ends("SUCCESS") == ["known": 1])
        #expect(names(of: "celery_worker_task_runtime_seconds") == ["known"])
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import CeleryWorker
import CoreMetrics
import InMemoryTracing
import Instrumentation
import MetricsTestKit
import Synchronization
import Testing
import Tracing

/// The systems of this process, installed once: other tests then run observed too.
private enum Installed {
    static let tracer: InMemoryTracer = {
        let tracer = InMemoryTracer()
        InstrumentationSystem.bootstrap(tracer)
        return tracer
    }()
    static let metrics: TestMetrics = {
        let metrics = TestMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }()
}

@Suite("Observability", .timeLimit(.minutes(5)))
struct ObservabilityTests {
    @Test("The trace goes from the sender through the message headers to the run")
    func traceContext() async throws {
        let tracer = Installed.tracer
        let app = TestApp.make()
        let task = app.task("observed.traced") { () in 1 }
        try await withWorker(app) { _ = try await task.delay().get(timeout: .seconds(60)) }
        func span(_ name: String) -> FinishedInMemorySpan? {
            tracer.finishedSpans.first { span in
                guard case .string(let task)? = span.attributes.get("celery.task.name") else { return false }
                return span.operationName == name && task == "observed.traced"
            }
        }
        let publish = try #require(span("publish"))
        let execute = try #require(span("execute"))
        #expect(execute.traceID == publish.traceID)
        #expect(execute.parentSpanID == publish.spanID)
        #expect(publish.kind == .producer)
        #expect(execute.kind == .consumer)
    }

    @Test("Ends are counted by task and state, runs and waits are timed")
    func metrics() async throws {
        let metrics = Installed.metrics
        let app = TestApp.make()
        struct Boom: Error {}
        let good = app.task("observed.good") { () in 1 }
        let bad = app.task("observed.bad") { () -> Int in throw Boom() }
        try await withWorker(app) {
            for _ in 0..<3 { _ = try await good.delay().get(timeout: .seconds(60)) }
            _ = try? await bad.delay().get(timeout: .seconds(60))
        }
        func count(_ task: String, _ state: String) -> Int64 {
            metrics.counterTotal(label: "celery_worker_tasks_total", dimensions: [("task", task), ("state", state)])
        }
        #expect(count("observed.good", "SUCCESS") == 3)
        #expect(count("observed.bad", "FAILURE") == 1)
        let runtimes = metrics.timers(
            label: "celery_worker_task_runtime_seconds",
            dimensions: [("task", "observed.good")]
        )
        #expect(runtimes.first?.values.count == 3)
    }

    @Test("Middleware sees the steps of a worker and of a task, each in its order")
    func middleware() async throws {
        let app = TestApp.make()
        let recorder = Recorder()
        app.use(recorder)
        let task = app.task("observed.steps") { () in 1 }
        try await withWorker(app) { _ = try await task.delay().get(timeout: .seconds(60)) }
        let (worker, sending, run) = recorder.steps
        #expect(worker == ["workerInit", "workerReady", "shuttingDown warm nil 0", "shutdown"])
        #expect(sending == ["beforePublish", "afterPublish"])
        #expect(run == ["received", "prerun", "success", "postrun"])
    }

    @Test("Middleware may change a message before it leaves")
    func changingMiddleware() async throws {
        struct Stamp: CeleryMiddleware {
            func beforePublish(_ message: inout Message) { message.headers.custom["tenant"] = "blue" }
        }
        let app = TestApp.make()
        app.use(Stamp())
        let task = app.task("observed.stamped") { (context: TaskContext) in context.headers["tenant"] == "blue" }
        let stamped = try await withWorker(app) { try await task.delay().get(timeout: .seconds(60)) }
        #expect(stamped)
    }
}

/// Writes down what it is told. Sending and receiving overlap, so each has its own list.
private final class Recorder: CeleryMiddleware {
    private let lists = Mutex<(worker: [String], sending: [String], run: [String])>(([], [], []))

    var steps: (worker: [String], sending: [String], run: [String]) { lists.withLock { $0 } }

    private func worker(_ step: String) { lists.withLock { $0.worker.append(step) } }
    private func sending(_ step: String) { lists.withLock { $0.sending.append(step) } }
    private func run(_ step: String) { lists.withLock { $0.run.append(step) } }

    func beforePublish(_ message: inout Message) { sending("beforePublish") }
    func afterPublish(_ message: Message) { sending("afterPublish") }
    func taskReceived(_ message: Message) { run("received") }
    func taskPrerun(_ context: TaskContext) { run("prerun") }
    func taskSuccess(_ context: TaskContext, result: EncodedValue) { run("success") }
    func taskPostrun(_ context: TaskContext, outcome: TaskOutcome) { run("postrun") }
    func workerInit(_ hostname: String) { worker("workerInit") }
    func workerReady(_ hostname: String) { worker("workerReady") }
    func workerShuttingDown(_ hostname: String, _ shutdown: WorkerShutdown) {
        let signal = shutdown.signal.map { "\($0)" } ?? "nil"
        worker("shuttingDown \(shutdown.how) \(signal) \(shutdown.exitCode)")
    }
    func workerShutdown(_ hostname: String) { worker("shutdown") }
}

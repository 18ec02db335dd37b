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

    @Test("Middleware sees every step of a task, in order")
    func middleware() async throws {
        let app = TestApp.make()
        let recorder = Recorder()
        app.use(recorder)
        let task = app.task("observed.steps") { () in 1 }
        try await withWorker(app) { _ = try await task.delay().get(timeout: .seconds(60)) }
        #expect(
            recorder.steps == [
                "workerReady", "beforePublish", "afterPublish", "received", "prerun", "success", "postrun",
                "shuttingDown", "shutdown",
            ]
        )
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

/// Writes down what it is told. Sending and receiving overlap, so a step counts once and in the task's own order.
private final class Recorder: CeleryMiddleware {
    private let seen = Mutex<[String]>([])

    var steps: [String] {
        let order = [
            "workerReady", "beforePublish", "afterPublish", "received", "prerun", "success", "postrun",
            "shuttingDown", "shutdown",
        ]
        let seen = seen.withLock { $0 }
        let taskSteps = seen.filter { ["received", "prerun", "success", "postrun"].contains($0) }
        guard taskSteps == ["received", "prerun", "success", "postrun"] else { return taskSteps }
        return order.filter { seen.contains($0) }
    }

    private func note(_ step: String) { seen.withLock { $0.append(step) } }

    func beforePublish(_ message: inout Message) { note("beforePublish") }
    func afterPublish(_ message: Message) { note("afterPublish") }
    func taskReceived(_ message: Message) { note("received") }
    func taskPrerun(_ context: TaskContext) { note("prerun") }
    func taskSuccess(_ context: TaskContext, result: EncodedValue) { note("success") }
    func taskPostrun(_ context: TaskContext, outcome: TaskOutcome) { note("postrun") }
    func workerReady(_ hostname: String) { note("workerReady") }
    func workerShuttingDown(_ hostname: String, how: String) { note("shuttingDown") }
    func workerShutdown(_ hostname: String) { note("shutdown") }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryKit
public import CeleryWire

/// Runs tasks as child tasks of one Swift task, thousands at once: for code that awaits rather than blocks.
///
/// Code that blocks or computes for long stalls Swift's cooperative threads and with them other tasks; use
/// ``ThreadsPool`` or prefork for such. Cancelling `run` returns what has not started and waits for the rest.
public struct AsyncPool: TaskPool {
    public var name: String { "async" }
    public let capabilities = PoolCapabilities(
        hardKill: false,
        survivesTrap: false,
        childLimits: false,
        resizable: true
    )
    private let engine: InProcessEngine

    /// The names it is known under; the others are Celery's.
    public static let names = ["async", "gevent", "eventlet"]

    public init(slots: Int, runner: @escaping PoolRunner) {
        engine = InProcessEngine(slots: slots, placement: .cooperative, runner: runner)
    }

    public var slots: Int { engine.slots }
    /// Each right before its first instruction.
    public var takesPermits: Bool { true }

    public var info: CeleryObject { ["implementation": "CeleryWorker:AsyncPool", "max-concurrency": .int(slots)] }

    public func run(
        ready: @escaping @Sendable () -> Void,
        events: @escaping @Sendable (PoolEvent) -> Void
    ) async throws {
        try await engine.run(ready: ready, events: events)
    }

    public func submit(_ jobs: [PoolJob]) { engine.submit(jobs) }
    public func cancel(_ job: JobID, _ cause: RunControl.Cause) { engine.cancel(job, cause) }
    @discardableResult
    public func kill(_ job: JobID, _ cause: KillCause) -> Bool { false }
    public func resize(to slots: Int) { engine.resize(to: slots) }
    public func stop() { engine.stop() }
}

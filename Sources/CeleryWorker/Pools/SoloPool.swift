//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryKit
public import CeleryWire

/// Runs one task at a time, on one thread.
///
/// Unlike Celery's, it does not stop the worker from receiving and answering meanwhile.
public struct SoloPool: TaskPool {
    public var name: String { "solo" }
    public let capabilities = PoolCapabilities(
        hardKill: false,
        survivesTrap: false,
        childLimits: false,
        resizable: false
    )
    private let engine: InProcessEngine

    public init(runner: @escaping PoolRunner) {
        engine = InProcessEngine(slots: 1, placement: .threads(name: "celery-solo"), runner: runner)
    }

    public var slots: Int { 1 }
    /// Each right before its first instruction.
    public var takesPermits: Bool { true }

    public var info: CeleryObject { ["implementation": "CeleryWorker:SoloPool", "max-concurrency": 1] }

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
    /// Ignored: one slot is what this pool is.
    public func resize(to slots: Int) {}
    public func stop() { engine.stop() }
}

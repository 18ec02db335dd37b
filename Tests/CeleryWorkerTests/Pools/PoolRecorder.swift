//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Synchronization
import Testing

/// Takes down what a pool reports, and waits for it.
final class PoolRecorder: Sendable {
    private struct State {
        var events: [PoolEvent] = []
        var isReady = false
    }

    private let state = Mutex(State())

    var events: [PoolEvent] { state.withLock { $0.events } }
    var isReady: Bool { state.withLock { $0.isReady } }

    func record(_ event: PoolEvent) { state.withLock { $0.events.append(event) } }
    func becomeReady() { state.withLock { $0.isReady = true } }

    var accepted: [JobID: Int32] {
        var found: [JobID: Int32] = [:]
        for case .accepted(let job, let pid) in events { found[job] = pid }
        return found
    }

    var finished: [JobID: TaskReport] {
        var found: [JobID: TaskReport] = [:]
        for case .finished(let job, let report) in events { found[job] = report }
        return found
    }

    var lost: [JobID: WorkerLoss] {
        var found: [JobID: WorkerLoss] = [:]
        for case .lost(let job, let loss) in events { found[job] = loss }
        return found
    }

    var returned: [JobID] {
        events.flatMap { if case .returned(let jobs) = $0 { jobs } else { [JobID]() } }
    }

    /// Jobs whose events are not one `accepted` and then one end, after any number of `returned`.
    var disorderly: [JobID] {
        var history: [JobID: String] = [:]
        for event in events {
            switch event {
            case .accepted(let job, _): history[job, default: ""] += "a"
            case .finished(let job, _): history[job, default: ""] += "f"
            case .lost(let job, _): history[job, default: ""] += "l"
            case .returned(let jobs): for job in jobs { history[job, default: ""] += "r" }
            case .resized: break
            }
        }
        return history.filter { !["af", "al", ""].contains($0.value.drop { $0 == "r" }) }.map(\.key)
    }
}

/// Waits until the condition holds; records an issue when it does not within the time.
func eventually(
    within limit: Duration = .seconds(20),
    _ what: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: limit)
    while !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what ?? "the condition did not come true within \(limit)", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Runs the pool around the body, waits for its slots, and stops it after.
func withPool<P: TaskPool>(
    _ pool: P,
    _ body: (P, PoolRecorder) async throws -> Void
) async throws {
    let recorder = PoolRecorder()
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await pool.run(ready: { recorder.becomeReady() }, events: { recorder.record($0) })
        }
        defer { pool.stop() }
        try await eventually("the pool is not ready") { recorder.isReady }
        do {
            try await body(pool, recorder)
        } catch {
            group.cancelAll()
            throw error
        }
        pool.stop()
        try await group.waitForAll()
    }
    #expect(recorder.disorderly == [])
}

/// A job whose task is named as told.
func job(_ number: UInt64, _ task: String, body: [UInt8] = [], custom: CeleryObject = [:]) -> PoolJob {
    let headers = TaskHeaders(task: task, id: "job-\(number)", custom: custom)
    let message = Message(headers: headers, body: body)
    return PoolJob(id: JobID(number), request: TaskRequest(message: message, queue: "celery", hostname: "celery@test"))
}

/// What a test's runner answers.
func success(_ value: CeleryValue) -> TaskReport { TaskReport(outcome: .success(EncodedValue(value), repr: "")) }

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
import Testing

/// Messages and results in two stores: a task that goes on in what is sent leaves with its acknowledgement.
@Suite(.timeLimit(.minutes(2)))
struct OnwardTests {
    @Test("While it cannot be stored that a task is retried, it is, and its first message is held by nobody")
    func untold() async throws {
        var hooks = HookedBackend.Hooks()
        hooks.store = { results throws(TransportError) in
            if results.contains(where: { $0.meta.state == .retry }) { throw TransportError(.unavailable, "not now") }
        }
        let app = HookedBackend.app(MemoryStore(name: "untold"), hooks)
        let task = app.task("t") { (context: TaskContext) -> Int in
            if context.retries < 2 { throw context.retry(countdown: .zero) }
            return context.retries
        }
        try await withWorker(app) { () async throws -> Void in
            #expect(try await task.delay().get(timeout: .seconds(60)) == 2)
            #expect(
                try await eventually {
                    try await app.transport().status(of: ["celery"]).allSatisfy { $0.ready + $0.delayed + $0.held == 0 }
                }
            )
        }
    }

    @Test("That a task was retried, told late, does not replace how its second run has ended elsewhere")
    func toldLate() async throws {
        let store = MemoryStore(name: "told late")
        let isTold = Doorway()
        let mayEnd = Doorway()
        var hooks = HookedBackend.Hooks()
        hooks.store = { results throws(TransportError) in
            guard let retry = results.first(where: { $0.meta.state == .retry }) else { return }
            var meta = TaskMeta(taskID: retry.meta.taskID, state: .failure)
            meta.outcome = .exception(.workerLost("as another worker says"))
            meta.dateDone = Timestamp.now.iso8601
            try await store.backend.store([StoredResult(meta, expires: nil)], timeout: .seconds(5))
            isTold.open()
        }
        let app = HookedBackend.app(store, hooks)
        let task = app.task("t") { (context: TaskContext) -> Int in
            if context.retries == 0 { throw context.retry(countdown: .zero) }
            await mayEnd.waitUntilOpen()
            return context.retries
        }
        let other = app.task("other") { 1 }
        try await withWorker(app) { () async throws -> Void in
            let result = try await task.delay()
            await isTold.waitUntilOpen()
            // Settled one after the other.
            _ = try await other.delay().get(timeout: .seconds(60))
            #expect(try await result.state() == .failure)
            mayEnd.open()
            #expect(try await eventually { try await result.state() == .success })
        }
    }
}

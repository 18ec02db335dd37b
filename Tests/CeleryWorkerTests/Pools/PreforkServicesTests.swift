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

/// What tasks in children ask of the parent.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct PreforkServicesTests {
    @Test("What a task publishes is confirmed before its outcome, awaited or not", arguments: [true, false])
    func confirmedFirst(awaited: Bool) async throws {
        // sleeps: a broker that takes its time.
        let transport = RecordingTransport { _ in try? await Task.sleep(for: .milliseconds(40)) }
        let services = PoolServices(transport: transport, backend: DictionaryBackend())
        let confirmed = Mutex(-1)
        let pool = try preforkPool(slots: 1, services: services)
        let recorder = PoolRecorder()
        let run = Task {
            try await pool.run(
                ready: { recorder.becomeReady() },
                events: { event in
                    if case .finished = event { confirmed.withLock { $0 = transport.ids.count } }
                    recorder.record(event)
                }
            )
        }
        try await eventually { recorder.isReady }
        var custom: CeleryObject = ["count": 20]
        if !awaited { custom["forget"] = true }
        pool.submit([job(1, "publish", custom: custom)])
        try await eventually { recorder.finished.count == 1 }
        #expect(confirmed.withLock { $0 } == 20)
        #expect(recorder.value(1) == (awaited ? ["sent"] : "not awaited"))
        pool.stop()
        try await run.value
    }

    @Test("Thousands of requests at a time are served, and the child is not held up by the rest")
    func many() async throws {
        let transport = RecordingTransport()
        let services = PoolServices(transport: transport, backend: DictionaryBackend())
        try await withPool(preforkPool(slots: 2, services: services)) { pool, recorder in
            pool.submit([job(1, "publish", custom: ["count": 5000]), job(2, "publish", custom: ["count": 5000])])
            try await eventually(within: .seconds(60)) { recorder.finished.count == 2 }
            #expect(transport.ids.count == 10_000)
        }
    }

    @Test("An error of the parent's broker arrives as the same error")
    func typedError() async throws {
        let transport = RecordingTransport { _ throws(TransportError) in
            throw TransportError(.full, "the disk is full", cause: CancellationError())
        }
        let services = PoolServices(transport: transport, backend: DictionaryBackend())
        try await withPool(preforkPool(slots: 1, services: services)) { pool, recorder in
            pool.submit([job(1, "publish")])
            try await eventually { recorder.finished.count == 1 }
            #expect(recorder.value(1) == ["the disk is full [full: CancellationError()]"])
        }
    }

    @Test("Results, revocations and the parent's facts are reached from a task")
    func services() async throws {
        try await withPool(preforkPool(slots: 1)) { pool, recorder in
            pool.submit([job(1, "services")])
            try await eventually { recorder.finished.count == 1 }
            #expect(
                recorder.value(1) == [
                    "fetched": true, "waited": true, "revoked": true, "later": true,
                    "location": "recording://test", "identity": "dictionary-1",
                ]
            )
        }
    }

    @Test("A task that is cancelled while it publishes stops waiting; the late answer harms nobody")
    func cancelledRequest() async throws {
        let gate = Gate()
        let cancelled = Counter()
        let transport = RecordingTransport { _ in
            await withTaskCancellationHandler {
                await gate.wait()
            } onCancel: {
                cancelled.increment()
            }
        }
        let services = PoolServices(transport: transport, backend: DictionaryBackend())
        try await withPool(preforkPool(slots: 1, services: services)) { pool, recorder in
            pool.submit([job(1, "publish", custom: ["count": 3])])
            try await eventually { recorder.accepted.count == 1 }
            try await eventually { gate.waiting == 3 }
            pool.cancel(JobID(1), .softTimeLimit(1))
            try await eventually { cancelled.value == 3 }
            #expect(recorder.finished.isEmpty, "the outcome still waits for what was sent")
            gate.open()
            try await eventually { recorder.finished.count == 1 }
            #expect(recorder.value(1) == ["the task was cancelled while it waited [closed: CancellationError()]"])
            pool.submit([job(2, "echo")])
            try await eventually { recorder.value(2) == "job-2" }
        }
    }
}

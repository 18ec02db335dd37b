//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization
import Testing

@testable import CeleryWorker

@Suite("Being told of tasks with an ETA", .timeLimit(.minutes(5)))
struct PostponedEventTests {
    /// As Python publishes it: whoever takes it finds out that it is not due.
    private func publish(_ app: CeleryApp, _ id: String, due: Timestamp) async throws {
        var headers = TaskHeaders(task: "add", id: id)
        headers.eta = due.iso8601
        headers.argsRepr = "()"
        var message = Message(headers: headers, body: Array("[[], {}, {}]".utf8))
        message.properties.routingKey = "celery"
        try await app.transport().publish([OutgoingMessage(message, notBefore: nil)], timeout: .seconds(5))
    }

    @Test("A worker tells that it has received one when it first sees it, with its time, and not again when that comes")
    func once() async throws {
        let log = LogRecorder()
        let app = TestApp.make(log: log) { $0.workerSendTaskEvents = true }
        let received = Mutex<[String]>([])
        app.use(ReceiptCounter { id in received.withLock { $0.append(id) } })
        app.task("add") { () in 1 }
        let stream = try await app.events.receive("task.#", wakesUp: false)
        try await withWorker(app, pool: .async(concurrency: 1)) { () async throws -> Void in
            #expect(try await app.control(.quick).ping().count == 1)
            let due = Timestamp.now.advanced(by: .seconds(5))
            try await publish(app, "soon", due: due)
            try await publish(app, "far", due: due.advanced(by: .seconds(3600)))
            #expect(try await AsyncResult<Int>(id: "soon", app: app).get(timeout: .seconds(60)) == 1)
            var events: [CeleryEvent] = []
            for try await event in stream {
                events.append(event)
                if event.type == "task-succeeded" { break }
            }
            #expect(events.map(\.type) == ["task-received", "task-received", "task-started", "task-succeeded"])
            #expect(events.prefix(2).map(\.uuid) == ["soon", "far"])
            #expect(events[0].fields["eta"] == .string(due.iso8601) && events[0].timestamp < due)
            #expect(received.withLock { $0 } == ["soon", "far"])
            #expect(log.lines.count { $0.text.contains("[soon] received") } == 1)
        }
    }

    @Test(
        "What was told of is known by id and time, so that its retry is told of, and those that others took are forgotten"
    )
    func memory() {
        var told = ToldTasks()
        let now = Timestamp.now
        func headers(_ id: String, _ eta: Timestamp) -> TaskHeaders {
            var headers = TaskHeaders(task: "add", id: id)
            headers.eta = eta.iso8601
            return headers
        }
        func postpone(_ id: String, _ time: Timestamp, at now: Timestamp) -> Bool {
            told.postpone(headers(id, time), until: time, now: now)
        }
        func take(_ headers: TaskHeaders) -> Bool { told.take(headers) }
        let soon = now.advanced(by: .seconds(5))
        #expect(postpone("a", soon, at: now))
        #expect(!postpone("a", soon, at: now))
        #expect(!take(headers("a", now)))
        #expect(!take(TaskHeaders(task: "add", id: "a")))
        #expect(take(headers("a", soon)))
        #expect(!take(headers("a", soon)))
        for number in 0..<ToldTasks.limit { _ = postpone("\(number)", soon, at: now) }
        // No room: it is told of, and will be again.
        #expect(postpone("b", soon, at: now))
        #expect(!take(headers("b", soon)))
        let later = soon.advanced(by: .seconds(61))
        #expect(postpone("c", later, at: later))
        #expect(take(headers("c", later)))
        #expect(!take(headers("0", soon)))
    }
}

private struct ReceiptCounter: CeleryMiddleware {
    let onReceipt: @Sendable (String) -> Void

    func taskReceived(_ message: Message) { onReceipt(message.headers.id) }
}

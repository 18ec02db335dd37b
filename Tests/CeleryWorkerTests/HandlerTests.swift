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

/// Who is told of what a task comes to: a task's own handlers, and middleware.
@Suite("Handlers of tasks", .timeLimit(.minutes(2)))
struct HandlerTests {
    private struct Declined: Error {}

    private struct Told: CeleryTask {
        static let name = "handlers.told"
        static let options = TaskOptions(retry: .constant(limit: 1, delay: .zero, on: Declined.self))
        static let log = Mutex<[String]>([])

        var fate: String

        func beforeStart(in context: TaskContext) { note("start \(context.retries)") }

        func run(in context: TaskContext) throws -> Int {
            if fate == "declined" { throw Declined() }
            return 5
        }

        func onSuccess(_ output: Int, in context: TaskContext) { note("success \(output)") }
        func onFailure(_ error: any Error, in context: TaskContext) { note("failure \(type(of: error))") }
        func onRetry(_ error: any Error, in context: TaskContext) { note("retry \(type(of: error))") }

        private func note(_ text: String) { Self.log.withLock { $0.append("\(fate): \(text)") } }
    }

    @Test("A struct's handlers are called: before each run, and with what it comes to")
    func ownHandlers() async throws {
        let app = TestApp.make()
        app.register(Told.self)
        try await withWorker(app) {
            let five = try await Told(fate: "well").delay(on: app).get(timeout: .seconds(60))
            #expect(five == 5)
            await #expect(throws: CeleryError.self) {
                try await Told(fate: "declined").delay(on: app).get(timeout: .seconds(60))
            }
        }
        let log = Told.log.withLock { $0 }
        #expect(log.filter { $0.hasPrefix("well") } == ["well: start 0", "well: success 5"])
        #expect(
            log.filter { $0.hasPrefix("declined") }
                == [
                    "declined: start 0", "declined: retry Declined", "declined: start 1", "declined: failure Declined",
                ]
        )
    }

    @Test("Middleware is told of retries, failures, rejections, revocations and unknown tasks")
    func middleware() async throws {
        let app = TestApp.make()
        let witness = Witness()
        app.use(witness)
        let started = Doorway()
        let fails = app.task("fails", options: TaskOptions(retry: .constant(limit: 1, delay: .zero, on: Declined.self)))
        {
            () -> Int in throw Declined()
        }
        let rejects = app.task("rejects", options: TaskOptions(acksLate: true)) { () -> Int in throw Reject("no") }
        let endless = app.task("endless") { () -> Int in
            started.open()
            try await Task.sleep(for: .seconds(3600))
            return 1
        }
        try await withWorker(app) {
            _ = try? await fails.delay().get(timeout: .seconds(60))
            try await rejects.delay()
            let running = try await endless.delay()
            await started.waitUntilOpen()
            try await running.revoke(terminate: true)
            _ = try? await running.get(timeout: .seconds(60))
            let late = try await endless.applyAsync(options: SendOptions(expires: .seconds(-1)))
            _ = try? await late.get(timeout: .seconds(60))
            _ = try? await app.sendTask("nobody.knows").get(timeout: .seconds(60))
            let isTold: Bool = try await eventually { witness.told.count >= 6 }
            #expect(isTold)
        }
        #expect(
            witness.told.sorted() == [
                "fails failed", "fails retried", "rejects rejected false", "revoked endless expired",
                "revoked endless terminated", "unknown nobody.knows",
            ]
        )
    }
}

private final class Witness: CeleryMiddleware {
    private let notes = Mutex<[String]>([])

    var told: [String] { notes.withLock { $0 } }

    private func note(_ text: String) { notes.withLock { $0.append(text) } }

    func taskRetry(_ context: TaskContext, failure: TaskFailure) { note("\(context.task) retried") }
    func taskFailure(_ context: TaskContext, failure: TaskFailure) {
        // Of a run that was ended from outside the main process tells.
        if context.task != "endless" { note("\(context.task) failed") }
    }
    func taskRejected(_ message: Message, requeue: Bool) { note("\(message.headers.task) rejected \(requeue)") }
    func taskRevoked(_ message: Message, reason: String) { note("revoked \(message.headers.task) \(reason)") }
    func taskUnknown(_ message: Message) { note("unknown \(message.headers.task)") }
}

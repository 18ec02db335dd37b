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
        func afterReturn(_ outcome: TaskOutcome, in context: TaskContext) { note("returned \(outcome.word)") }

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
        #expect(log.filter { $0.hasPrefix("well") } == ["well: start 0", "well: success 5", "well: returned success"])
        #expect(
            log.filter { $0.hasPrefix("declined") }
                == [
                    "declined: start 0", "declined: retry Declined", "declined: start 1", "declined: failure Declined",
                    "declined: returned failure",
                ]
        )
    }

    @Test("A closure's handlers are called as a struct's: before each run, with what it comes to, and last of all")
    func closureHandlers() async throws {
        let app = TestApp.make()
        let notes = Mutex<[String: [String]]>([:])
        let retries = TaskOptions(retry: .constant(limit: 1, delay: .zero, on: Declined.self))
        let task = app.task("handled", options: retries) { (fate: String) -> Int in
            switch fate {
            case "declined": throw Declined()
            case "ignored": throw Ignore()
            case "rejected": throw Reject("no")
            default: return 5
            }
        }
        @Sendable func note(_ context: TaskContext, _ text: String) {
            notes.withLock { $0[context.id, default: []].append(text) }
        }
        task.handling(
            beforeStart: { note($0, "start \($0.retries)") },
            onSuccess: { note($1, "success \($0)") },
            onFailure: { note($1, "failure \(type(of: $0))") },
            onRetry: { note($1, "retry \(type(of: $0))") },
            afterReturn: { note($1, "returned \($0.word)") }
        )
        let sent = try await withWorker(app) { () async throws -> [String] in
            var ids: [String] = []
            for fate in ["well", "declined", "ignored", "rejected"] {
                let result = try await task.delay(fate)
                ids.append(result.id)
                if fate != "ignored" { _ = try? await result.get(timeout: .seconds(60)) }
            }
            let wrong = try await app.sendTask("handled", args: [1, 2])
            _ = try? await wrong.get(timeout: .seconds(60))
            return ids + [wrong.id]
        }
        let told = notes.withLock { notes in sent.map { notes[$0] ?? [] } }
        #expect(told[0] == ["start 0", "success 5", "returned success"])
        #expect(
            told[1] == ["start 0", "retry Declined", "start 1", "failure Declined", "returned failure"]
        )
        #expect(told[2] == ["start 0"])
        #expect(told[3] == ["start 0"])
        #expect(told[4] == ["failure ArgumentError", "returned failure"], "wrong arguments fail the task too")
    }

    @Test(
        "Handlers set later replace those of the same kind, and leave the others; an error before the start fails the task"
    )
    func replacedHandlers() async throws {
        let app = TestApp.make()
        let notes = Mutex<[String]>([])
        let task = app.task("guarded") { () -> Int in 5 }
            .handling(
                onFailure: { error, _ in notes.withLock { $0.append("first \(error)") } },
                afterReturn: { outcome, _ in notes.withLock { $0.append(outcome.word) } }
            )
        task.handling(
            beforeStart: { _ in throw Declined() },
            onFailure: { error, _ in notes.withLock { $0.append("second \(type(of: error))") } }
        )
        let error = try await withWorker(app) { () async throws -> CeleryError? in
            await #expect(throws: CeleryError.self) { try await task.delay().get(timeout: .seconds(60)) }
        }
        #expect(error?.exception?.type == "HandlerTests.Declined")
        #expect(notes.withLock { $0 } == ["second Declined", "failure"])
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

extension TaskOutcome {
    fileprivate var word: String {
        switch self {
        case .success: "success"
        case .failure: "failure"
        case .retry: "retry"
        case .ignored: "ignored"
        case .rejected: "rejected"
        }
    }
}

private final class Witness: CeleryMiddleware {
    private let notes = Mutex<[String]>([])

    var told: [String] { notes.withLock { $0 } }

    private func note(_ text: String) { notes.withLock { $0.append(text) } }

    func taskRetry(_ context: TaskContext, failure: TaskFailure) { note("\(context.task) retried") }
    func taskFailure(_ context: TaskContext, failure: TaskFailure) { note("\(context.task) failed") }
    func taskRejected(_ message: Message, requeue: Bool) { note("\(message.headers.task) rejected \(requeue)") }
    func taskRevoked(_ message: Message, reason: String) { note("revoked \(message.headers.task) \(reason)") }
    func taskUnknown(_ message: Message) { note("unknown \(message.headers.task)") }
}

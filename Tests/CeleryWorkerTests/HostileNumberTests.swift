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

/// What senders put into messages reaches no trap: each of these ended a worker's process once, or could have.
@Suite("Numbers that no machine holds", .timeLimit(.minutes(2)))
struct HostileNumberTests {
    private static let numbers: [CeleryValue] = [
        .double(1e300), .double(-1e300), .double(.nan), .double(.infinity), .int(.max),
    ]

    /// Publishes a message as it is.
    private func publish(_ app: CeleryApp, _ headers: TaskHeaders, _ embed: TaskBody.Embed = TaskBody.Embed())
        async throws
    {
        var message = Message(headers: headers, properties: MessageProperties(routingKey: "celery"), body: [])
        try app.codec.encode(TaskBody(embed: embed), into: &message, serializer: "json")
        try await app.transport().publish([OutgoingMessage(message)], timeout: .seconds(5))
    }

    @Test("An errback's options do not end the worker that fails an unknown task", arguments: numbers)
    func errbackOptions(number: CeleryValue) async throws {
        let app = TestApp.make()
        let alive = app.task("alive") { () in 1 }
        var options = CeleryObject()
        for name in [
            "priority", "delivery_mode", "countdown", "expires", "time_limit", "soft_time_limit", "group_index",
            "replaced_task_nesting",
        ] { options[name] = number }
        try await publish(
            app,
            TaskHeaders(task: "nobody.knows", id: "hostile"),
            TaskBody.Embed(errbacks: [Signature(task: "nobody.either", options: options)])
        )
        try await withWorker(app) {
            let failed = AsyncResult<Int>(id: "hostile", app: app)
            await #expect(throws: CeleryError.self) { try await failed.get(timeout: .seconds(60)) }
            let one = try await alive.delay().get(timeout: .seconds(60))
            #expect(one == 1)
        }
    }

    @Test("Limits, retries and depths of a header do not", arguments: [1e300, -1e300, .infinity, .nan])
    func headers(limit: Double) async throws {
        let app = TestApp.make()
        app.task("again", options: TaskOptions(retry: RetryPolicy(limit: nil))) { (context: TaskContext) -> Int in
            if context.retries < .max { throw context.retry(countdown: .zero) }
            return 1
        }
        app.task("ends") { (context: TaskContext) -> Int in context.retries == .max ? 2 : 1 }
        let limits = TimeLimits(hard: limit, soft: limit)
        try await publish(app, TaskHeaders(task: "ends", id: "limited", timeLimit: limits))
        try await publish(app, TaskHeaders(task: "ends", id: "retried", groupIndex: .max, retries: .max))
        try await publish(app, TaskHeaders(task: "again", id: "again", retries: .max - 1, replacedTaskNesting: .max))
        try await withWorker(app) {
            for (id, value) in [("limited", 1), ("retried", 2), ("again", 1)] {
                let result = try await AsyncResult<Int>(id: id, app: app).get(timeout: .seconds(60))
                #expect(result == value)
            }
        }
    }
}

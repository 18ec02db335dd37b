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

/// What can never be sent, and is found out where it would be.
@Suite("Steps of which no message can be made", .timeLimit(.minutes(5)))
struct UnbuildableStepTests {
    private let patience = Duration.seconds(60)
    private let tasks = SemanticsTasks()

    private func failure<Output>(_ result: AsyncResult<Output>) async -> CeleryError? {
        await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
    }

    private func step(_ options: CeleryObject) throws -> Workflow<Unchecked, CeleryValue> {
        var step = try tasks.add.s(1).signature()
        for (name, value) in options.members { step.options[name] = value }
        return try tasks.app.workflow(step)
    }

    @Test(
        "The task before such a step fails with the reason, and with it the rest of the chain and the chord around it",
        arguments: [["serializer": "nonsense"], ["soft_time_limit": 9, "time_limit": 5]] as [CeleryObject]
    )
    func unbuildable(options: CeleryObject) async throws {
        let chain = tasks.app.signature("add", args: [1, 1]).then(try step(options))
            .then(tasks.app.signature("add", args: [1]))
        try await withWorker(tasks.app) { () async throws -> Void in
            let last = try await chain.delay()
            let error = await failure(last)
            let first = try #require(last.parent?.parent)
            #expect(await failure(first)?.exception == error?.exception)
            #expect(try await last.parent?.failed() == true)
            let header = group([chain, tasks.app.signature("add", args: [2, 2])])
            let chord = try await header.then(tasks.app.signature("sum")).delay()
            #expect(await failure(chord)?.exception?.type == "ChordError")
        }
    }

    @Test("A callback that cannot be built is left out, and its task succeeds")
    func callback() async throws {
        try await withWorker(tasks.app) { () async throws -> Void in
            let callback = try step(["serializer": "nonsense"])
            let sent = try await tasks.app.signature("add", args: [1, 1]).link(callback).delay()
            #expect(try await sent.get(timeout: patience) == 2)
        }
    }

    @Test("Of a malformed chord in a chain the body fails, and what comes behind it")
    func malformed() async throws {
        var body = try tasks.sum.s().signature()
        body.options["task_id"] = "body"
        let chord = Signature(
            task: "celery.chord",
            keywords: [TaskBody.Keyword("body", EncodedValue(try body.value()))],
            subtaskType: "chord"
        )
        var last = try tasks.add.s(1).signature()
        last.options["task_id"] = "last"
        let first = try tasks.app.sender.build(
            task: "add",
            body: TaskBody(
                arguments: [EncodedValue(1), EncodedValue(1)],
                embed: TaskBody.Embed(chain: ChainSteps([last, chord]))
            ),
            taskOptions: TaskOptions(),
            options: SendOptions()
        )
        try await tasks.app.transport().publish([first], timeout: .seconds(5))
        try await withWorker(tasks.app) { () async throws -> Void in
            for id in [first.message.headers.id, "body", "last"] {
                #expect(await failure(AsyncResult<Int>(id: id, app: tasks.app)) != nil, "\(id)")
            }
        }
    }

    @Test("A task that is to be replaced by an empty chain, or by a part of a chord, fails with ImproperlyConfigured")
    func replacements() async throws {
        let none = EncodedValue(.array([]))
        let empty = Signature(
            task: "celery.chain",
            keywords: [TaskBody.Keyword("tasks", none)],
            subtaskType: "chain"
        )
        var part = try tasks.add.s(1, 1).signature()
        part.options["chord"] = try tasks.sum.s().signature().value()
        for (number, replacement) in [empty, part].enumerated() {
            let replaced = tasks.app.task("replaced \(number)") { (context: TaskContext) -> Int in
                throw context.replace(with: try context.app.workflow(replacement))
            }
            try await withWorker(tasks.app) { () async throws -> Void in
                let result = try await replaced.s().then(tasks.add.s(1)).delay()
                #expect(await failure(result)?.exception?.type == "ImproperlyConfigured")
            }
        }
    }
}

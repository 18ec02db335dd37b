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

@Suite("Stamps")
struct StampTests {
    /// What each task was stamped with, by its label.
    final class Seen: Sendable {
        private let stamps = Mutex<[String: CeleryObject]>([:])
        var all: [String: CeleryObject] { stamps.withLock { $0 } }
        func note(_ label: String, _ context: TaskContext) { stamps.withLock { $0[label] = context.stamps } }
    }

    private let patience = Duration.seconds(60)
    private let app: CeleryApp
    private let seen: Seen
    private let tag: TaskHandle<String, String, String>
    private let join: TaskHandle<[String], String, String>
    private let fail: TaskHandle<String, String>

    init() {
        let (app, seen) = (TestApp.make { $0.resultExtended = true }, Seen())
        tag = app.task("tag") { (context: TaskContext, _: String, label: String) in
            seen.note(label, context)
            return label
        }
        join = app.task("join") { (context: TaskContext, _: [String], label: String) in
            seen.note(label, context)
            return label
        }
        fail = app.task("fail") { (context: TaskContext, _: String) -> String in
            seen.note("fail", context)
            throw CeleryError(.taskFailed, "no luck")
        }
        self.app = app
        self.seen = seen
    }

    @Test("Every task of a workflow sees them: steps, members, bodies, callbacks and errbacks")
    func everywhere() async throws {
        let workflow = tag.s("", "one").then(group([tag.s("two"), tag.s("three")])).then(join.s("four"))
            .then(tag.s("five")).link(tag.s("six")).then(fail.s()).onError(tag.s("seven"))
            .stamp(["colour": "red", "n": 3])
        let seen = seen
        try await withWorker(app) { () async throws -> Void in
            let result = try await workflow.delay()
            _ = try? await result.get(timeout: patience)
            #expect(try await eventually { seen.all.count == 8 })
            let stamps: CeleryObject = ["colour": "red", "n": 3]
            #expect(seen.all.values.allSatisfy { $0 == stamps })
            let meta = try #require(try await result.meta())
            #expect(meta.custom["colour"] == "red")
            #expect(meta.custom["stamped_headers"] == ["colour", "n"])
        }
    }

    @Test("A closure says what each part gets, and what is inside it gets that too")
    func visitor() async throws {
        let inner = group([tag.s("two"), tag.s("three")]).then(join.s("four"))
        let workflow = tag.s("", "one").then(inner).link(tag.s("six"))
        var parts: [String] = []
        let stamped = workflow.stamp { part in
            parts.append("\(part.kind) \(part.task) \(part.stamps.keys.joined(separator: ","))")
            return ["in \(part.kind)": true]
        }
        #expect(
            parts == [
                "chain celery.chain ", "task tag in chain", "chord header celery.chord in chain",
                "chord body join in chain,in chord header", "group celery.group in chain,in chord header",
                "task tag in chain,in chord header,in group", "task tag in chain,in chord header,in group",
                "task join in chain,in chord header,in chord body",
                "callback tag in chain,in chord header,in chord body",
                "task tag in chain,in chord header,in chord body,in callback",
            ]
        )
        let seen = seen
        try await withWorker(app) { () async throws -> Void in
            _ = try await stamped.delay().get(timeout: patience)
            #expect(try await eventually { seen.all.count == 5 })
            #expect(seen.all["one"]?.keys == ["in chain", "in task"])
            #expect(seen.all["two"]?.keys == ["in chain", "in chord header", "in group", "in task"])
            #expect(seen.all["four"]?.keys == ["in chain", "in chord header", "in chord body", "in task"])
            #expect(
                seen.all["six"]?.keys == ["in chain", "in chord header", "in chord body", "in callback", "in task"]
            )
        }
    }

    @Test("The last stamp of a name stays, or is added to a list")
    func twice() throws {
        let once = tag.s("", "x").stamp(["n": 1])
        #expect(try once.stamp(["n": 2]).signature().options["n"] == 2)
        let list = try once.stamp(append: true, ["n": 2]).stamp(append: true, ["n": [3, 4]]).signature()
        #expect(list.options["n"] == [1, 2, 3, 4])
        #expect(list.options["stamped_headers"] == ["n"])
        #expect(try group([once]).stamp(["m": 1]).workflow.graph().nodes.count == 1)
    }

    @Test("A retry keeps them; what a task sends by itself, or is replaced by, does not get them")
    func inherited() async throws {
        let (seen, tag) = (seen, tag)
        let policy = RetryPolicy.constant(limit: 1, delay: .zero)
        let retrying = app.task("retrying", options: TaskOptions(retry: policy)) { (context: TaskContext) -> String in
            seen.note("try \(context.retries)", context)
            if context.retries == 0 { throw context.retry(countdown: .zero) }
            try await tag.delay("", "sent")
            throw context.replace(with: tag.s("", "replacement"))
        }
        try await withWorker(app) { () async throws -> Void in
            #expect(try await retrying.s().stamp(["n": 1]).delay().get(timeout: patience) == "replacement")
            #expect(try await eventually { seen.all.count == 4 })
            #expect(seen.all["try 0"] == ["n": 1] && seen.all["try 1"] == ["n": 1])
            #expect(seen.all["sent"] == [:] && seen.all["replacement"] == [:])
        }
    }

    @Test("One that is called like an option of sending is refused", arguments: ["queue", "task_id", "link"])
    func reserved(name: String) async throws {
        let error = await #expect(throws: CeleryError.self) { () async throws -> Void in
            try await tag.s("", "x").stamp([name: 1]).delay()
        }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("'\(name)'") == true)
    }
}

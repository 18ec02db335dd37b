//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Testing

@testable import CeleryKit

@Suite("Options that are set on signatures")
struct SignatureOptionTests {
    private let canvas = PlannedCanvas()
    private func s(_ name: String, _ args: CeleryValue...) -> Workflow<Unchecked, CeleryValue> {
        canvas.app.signature(name, args: args)
    }

    @Test("They travel with a later step under Celery's names, and count when that is sent")
    func laterStep() throws {
        let options = SendOptions(
            countdown: .seconds(90),
            queue: "images",
            priority: 3,
            headers: ["tenant": "a"],
            timeLimit: .seconds(60),
            softTimeLimit: .seconds(50),
            ignoreResult: true,
            shadow: "shrink"
        )
        let steps = try canvas.steps(s("fetch", 1).then(s("resize", 800).set(options)))
        #expect(steps[0].properties.routingKey == "celery" && steps[0].headers.eta == nil)
        let next = try #require(steps[0].embed.chain?.signatures().first)
        #expect(next.options["queue"] == "images" && next.options["countdown"] == .double(90))
        #expect(next.options["time_limit"] == .double(60) && next.options["headers"] == ["tenant": "a"])
        let resize = try #require(try canvas.after(steps[0], returning: "page").first)
        #expect(resize.properties.routingKey == "images" && resize.properties.priority == 3)
        #expect(resize.headers.eta != nil && resize.headers.shadow == "shrink" && resize.headers.ignoreResult == true)
        #expect(resize.headers.custom["tenant"] == "a")
    }

    /// As Python writes `chain(a, group(b, c).set(queue="q", countdown=90, immutable…))`.
    @Test(
        "What a composed signature of another language says counts for the tasks that it begins with",
        arguments: [true, false]
    )
    func composedElsewhere(immutable: Bool) throws {
        let calls = try ["b", "c"].map { try Signature(task: $0).value() }
        let options: CeleryObject = ["queue": "images", "countdown": 90, "priority": 3, "task_id": "whole"]
        let composed = ["celery.group": "group", "celery.chain": "chain"]
            .map { name, kind in
                Signature(
                    task: name,
                    keywords: [TaskBody.Keyword("tasks", EncodedValue(.array(calls)))],
                    options: options,
                    subtaskType: kind,
                    immutable: immutable
                )
            }
        for signature in composed {
            var origin = CanvasOrigin(parentID: "p", rootID: "r")
            origin.input = EncodedValue(5)
            let steps = try canvas.steps(CanvasNode(signature), origin)
            #expect(steps.count == (signature.subtaskType == "group" ? 2 : 1))
            for step in steps {
                #expect(step.properties.routingKey == "images" && step.properties.priority == 3)
                #expect(step.headers.eta != nil && step.headers.id != "whole")
                #expect(step.arguments == (immutable ? [] : [5]))
            }
        }
    }

    @Test("A time that came as a tagged datetime counts as one that came as text")
    func taggedTimes() throws {
        let options: CeleryObject = [
            "eta": .datetime("2040-01-02T03:04:05+00:00"), "expires": .datetime("2041-01-02T03:04:05+00:00"),
        ]
        let step = try #require(
            try canvas.steps(CanvasNode(call: Signature(task: "a", options: options)), CanvasOrigin()).first
        )
        #expect(step.headers.eta?.hasPrefix("2040-01-02T03:04:05") == true)
        #expect(step.headers.expires?.hasPrefix("2041-01-02T03:04:05") == true)
    }

    @Test("Of a chain its first step has them, of a group each member, of a chord each part of its header and its body")
    func composed() throws {
        let chain = try canvas.steps(s("a").then(s("b")).set(queue: "q"))
        #expect(chain.map(\.properties.routingKey) == ["q"])
        #expect(try chain[0].embed.chain?.signatures().first?.options["queue"] == nil)
        let members = try canvas.steps(group([s("a"), s("b").then(s("c"))]).set(queue: "q"))
        #expect(members.map(\.properties.routingKey) == ["q", "q"])
        let chord = try canvas.steps(group([s("a"), s("b")]).then(s("c")).set(queue: "q"))
        #expect(chord.map(\.properties.routingKey) == ["q", "q"])
        #expect(chord[0].embed.chord?.options["queue"] == "q")
    }

    @Test("The members of a skewed group start one after the other, up to a last time")
    func skewed() throws {
        let members = group([s("a"), s("b").then(s("c")), s("d"), s("e")])
        func countdowns(_ skewed: GroupWorkflow<Unchecked, CeleryValue>) -> [CeleryValue?] {
            guard case .group(let members) = skewed.workflow.node.shape else { return [] }
            return members.map { member in
                guard case .chain(let steps) = member.shape else { return member.signature.options["countdown"] }
                return steps[1].signature.options.isEmpty ? steps[0].signature.options["countdown"] : nil
            }
        }
        #expect(countdowns(members.skew()) == [.double(1), .double(2), .double(3), .double(4)])
        let bounded = members.skew(from: .zero, through: .seconds(10), by: .seconds(5))
        #expect(countdowns(bounded) == [.double(0), .double(5), .double(10), .double(10)])
        #expect(try canvas.steps(members.skew()).allSatisfy { $0.headers.eta != nil })
        // Of a chain that ends in a group, the members of that.
        guard case .chain(let steps) = s("z").then(members).skew().workflow.node.shape else {
            Issue.record("no chain")
            return
        }
        let inner = GroupWorkflow<Unchecked, CeleryValue>(Workflow(app: canvas.app, node: steps[1]))
        #expect(countdowns(inner) == [.double(1), .double(2), .double(3), .double(4)])
    }

    @Test("What is set later replaces what was set before, and leaves the rest; what is sent with comes before both")
    func order() async throws {
        let signature = s("a").set(SendOptions(queue: "one", priority: 7)).set(queue: "two")
        let steps = try canvas.steps(signature)
        #expect(steps[0].properties.routingKey == "two" && steps[0].properties.priority == 7)
        let result = try await signature.applyAsync(SendOptions(queue: "three"))
        let status = try await canvas.app.transport().status(of: ["two", "three"])
        #expect(status.map(\.ready) == [0, 1])
        #expect(!result.id.isEmpty)
    }

    @Test("A task id names what a workflow comes to")
    func taskID() async throws {
        let id = TaskID.random()
        #expect(try await s("a").set(SendOptions(taskID: id)).delay().id == id)
        let chain = try await s("a").then(s("b")).set(SendOptions(taskID: id)).delay()
        #expect(chain.id == id && chain.parent?.id != id)
    }
}

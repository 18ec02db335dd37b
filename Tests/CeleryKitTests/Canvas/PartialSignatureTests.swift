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

@Suite("Signatures that lack something, and what completes them")
struct PartialSignatureTests {
    private let canvas = PlannedCanvas()
    private func s(_ name: String, _ args: CeleryValue...) -> Workflow<Unchecked, CeleryValue> {
        canvas.app.signature(name, args: args)
    }

    @Test("What is given comes before the arguments of the tasks that begin, and immutable ones take nothing")
    func taking() throws {
        let add = canvas.app.task("add") { (x: Int, y: Int) in x + y }
        let call = try canvas.steps(add.s(3).taking(2))
        #expect(call.map(\.arguments) == [[2, 3]])
        let chain = try canvas.steps(add.s(3).then(add.s(4)).taking(2))
        #expect(chain.map(\.arguments) == [[2, 3]])
        #expect(try chain[0].embed.chain?.signatures().map(\.arguments.count) == [1])
        let members = try canvas.steps(group([add.s(3), add.s(4)]).taking(2).workflow)
        #expect(members.map(\.arguments) == [[2, 3], [2, 4]])
        let sum = canvas.app.task("sum") { (numbers: [Int]) in numbers.reduce(0, +) }
        let header = try canvas.steps(group([add.s(3), add.s(4)]).then(sum.s()).taking(2))
        #expect(header.map(\.arguments) == [[2, 3], [2, 4]])
    }

    /// As Python writes `chord([a, b.si(9)], c, args=(1,), kwargs={"k": 2})` and `chain(a, b).clone(args=(1,))` inside of a message.
    @Test("Arguments and keywords of a composed signature are those of the tasks that it begins with")
    func composedElsewhere() throws {
        let fixed = Signature(task: "b", arguments: [EncodedValue(.int(9))], immutable: true)
        let parts: CeleryValue = .array([try Signature(task: "a").value(), try fixed.value()])
        let chord = Signature(
            task: "celery.chord",
            arguments: [EncodedValue(.int(1))],
            keywords: [
                TaskBody.Keyword("kwargs", EncodedValue(["k": 2])), TaskBody.Keyword("header", EncodedValue(parts)),
                TaskBody.Keyword("body", EncodedValue(try Signature(task: "c").value())),
            ],
            subtaskType: "chord"
        )
        let header = try canvas.steps(try CanvasNode(chord), CanvasOrigin())
        #expect(header.map(\.headers.task) == ["a", "b"])
        #expect(header.map(\.arguments) == [[1], [9]])
        #expect(header.map { $0.body.keywords.map(\.name) } == [["k"], []])
        let chain = Signature(
            task: "celery.chain",
            arguments: [EncodedValue(.int(1))],
            keywords: [TaskBody.Keyword("tasks", EncodedValue(parts))],
            subtaskType: "chain"
        )
        #expect(try canvas.steps(try CanvasNode(chain), CanvasOrigin()).map(\.arguments) == [[1]])
    }

    @Test("A chord's own options are its header's and its body's; when to start is its header's alone")
    func chordOptions() throws {
        let parts: CeleryValue = .array([try Signature(task: "a").value()])
        let body = Signature(task: "c", options: ["queue": "slow", "priority": 1])
        let chord = Signature(
            task: "celery.chord",
            keywords: [
                TaskBody.Keyword("header", EncodedValue(parts)),
                TaskBody.Keyword("body", EncodedValue(try body.value())),
            ],
            options: ["queue": "images", "countdown": 90, "task_id": "whole"],
            subtaskType: "chord"
        )
        let header = try canvas.steps(try CanvasNode(chord), CanvasOrigin())
        #expect(header.map(\.properties.routingKey) == ["images"])
        #expect(header[0].headers.eta != nil)
        let sent = try #require(header[0].embed.chord)
        #expect(sent.options["queue"] == "images", "the chord's comes before the body's, as in Celery")
        #expect(sent.options["priority"] == 1)
        #expect(sent.options["countdown"] == nil)
        #expect(sent.options["task_id"] != "whole")
    }

    @Test(
        "So are those that a chord of ours is given, or sent with; one that comes later in a chain is none of their business"
    )
    func chordOptionsOfOurs() throws {
        let options = SendOptions(
            taskID: "whole",
            countdown: .seconds(90),
            queue: "images",
            priority: 3,
            headers: ["tenant": "a"]
        )
        let chord = group([canvas.s("a", 1), canvas.s("b", 2)]).then(canvas.s("c").set(priority: 1))
        var origin = CanvasOrigin()
        origin.options = options
        origin.options.taskID = nil
        for header in [try canvas.steps(chord.set(options)), try canvas.steps(chord.node, origin)] {
            #expect(header.map(\.properties.routingKey) == ["images", "images"])
            #expect(header.map(\.properties.priority) == [3, 3])
            #expect(header.allSatisfy { $0.headers.eta != nil })
            let body = try #require(header[0].embed.chord)
            #expect(body.options["queue"] == "images")
            #expect(body.options["priority"] == 3, "the chord's comes before the body's, as in Celery")
            #expect(body.options["headers"] == .object(["tenant": "a"]))
            #expect(body.options["countdown"] == nil)
        }
        let first = try canvas.steps(canvas.s("z").then(chord).set(queue: "images"))
        #expect(first.map(\.properties.routingKey) == ["images"])
        let later = try #require(try first[0].embed.chain?.signatures().first)
        #expect(later.options["queue"] == nil && later.task == "celery.chord")
    }
}

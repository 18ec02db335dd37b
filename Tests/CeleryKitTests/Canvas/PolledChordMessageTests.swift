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

@Suite("What is sent of a chord whose parts nobody counts")
struct PolledChordMessageTests {
    private let canvas = PlannedCanvas()

    private func plan(_ node: CanvasNode, polls: Bool = true) throws -> CanvasPlan {
        try CanvasSender(app: canvas.app, polls: polls).plan(node, from: CanvasOrigin()).plan
    }

    @Test("Its parts, and then celery.chord_unlock for later, which is told where to look and what to send")
    func unlock() throws {
        let body = canvas.s("c").set(SendOptions(queue: "bodies", priority: 3))
        let (chord, result) = try group([canvas.s("a"), canvas.s("b")]).then(body).frozen()
        let sent = try plan(chord.node)
        #expect(sent.chords.isEmpty)
        #expect(sent.messages.map(\.message.headers.task) == ["a", "b", "celery.chord_unlock"])
        let unlock = try #require(sent.messages.last)
        #expect(unlock.notBefore != nil && unlock.message.headers.eta != nil)
        #expect(unlock.message.headers.ignoreResult == true)
        #expect(unlock.message.properties.routingKey == "bodies" && unlock.message.properties.priority == 3)
        let arguments = try WireCodec().decodeBody(of: unlock.message)
        let header = try #require(result.parent)
        #expect(try arguments.arguments[0].value() == .string(header.id))
        let called = try Signature(arguments.arguments[1].value())
        #expect(called.task == "c" && called.options["task_id"]?.text == result.id)
        let parts = try #require(arguments.keywords.first { $0.name == "result" }).value.value()
        let members = sent.messages.prefix(2).map { CeleryValue.string($0.message.headers.id) }
        #expect(parts == .array(members.map { member -> CeleryValue in [[member, nil], nil] }))
        for member in sent.messages.prefix(2) {
            #expect(member.message.headers.group == header.id)
            #expect(try WireCodec().decodeBody(of: member.message).embed.chord?.task == "c")
        }
    }

    @Test("It goes where the routes send the body's first task")
    func routed() throws {
        let canvas = PlannedCanvas { $0.taskRoutes = ["c": "bodies"] }
        let chord = group([canvas.s("a")]).then(canvas.s("c").then(canvas.s("d")))
        let plan = try CanvasSender(app: canvas.app, polls: true).plan(chord.node, from: CanvasOrigin()).plan
        #expect(plan.messages.last?.message.properties.routingKey == "bodies")
    }

    @Test("Only what is sent at once needs the result store for it")
    func begins() {
        let (a, b, c) = (canvas.s("a"), canvas.s("b"), canvas.s("c"))
        let chord = group([a, b]).then(c)
        #expect(chord.node.beginsWithChord)
        #expect(group([a, chord]).workflow.node.beginsWithChord)
        #expect(!a.then(chord).node.beginsWithChord)
        #expect(!group([a, a.then(chord)]).workflow.node.beginsWithChord)
        #expect(!group([Workflow<Unchecked, CeleryValue>]()).then(c).node.beginsWithChord)
    }

    @Test("Where parts are counted there is none, and nor is there in what runs in this process")
    func counted() throws {
        let chord = group([canvas.s("a"), canvas.s("b")]).then(canvas.s("c"))
        let sent = try plan(chord.node, polls: false)
        #expect(sent.chords.count == 1)
        #expect(sent.messages.map(\.message.headers.task) == ["a", "b"])
    }
}

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

@Suite("Celery's surprising semantics of canvas: what workflows are made of, and what their messages say")
struct CanvasMessageTests {
    private let canvas = PlannedCanvas()
    private func s(_ name: String, _ args: CeleryValue...) -> Workflow<Unchecked, CeleryValue> {
        canvas.app.signature(name, args: args)
    }

    // MARK: - Composition

    @Test("A group followed by a task becomes a chord")
    func groupThenTask() {
        #expect(group([s("a"), s("b")]).then(s("c")).node.sketch == "[a, b]>(c)")
    }

    @Test("A group followed by a group becomes a chord whose body is the group")
    func groupThenGroup() {
        let joined = group([s("a"), s("b")]).then(group([s("c"), s("d")]))
        #expect(joined.workflow.node.sketch == "[a, b]>([c, d])")
    }

    @Test("A chain that ends in a group becomes, with a task after it, a chain that ends in a chord")
    func chainGroupTask() {
        let joined = s("a").then(group([s("b"), s("c")])).then(s("d"))
        #expect(joined.node.sketch == "a|[b, c]>(d)")
    }

    @Test("What follows a chord extends its body, also another chord or group")
    func chordThen() {
        let chord = group([s("a"), s("b")]).then(s("c"))
        #expect(chord.then(s("d")).node.sketch == "[a, b]>(c|d)")
        #expect(chord.then(group([s("d"), s("e")])).workflow.node.sketch == "[a, b]>(c|[d, e])")
        let other = group([s("d"), s("e")]).then(s("f"))
        #expect(chord.then(other).node.sketch == "[a, b]>(c|[d, e]>(f))")
        #expect(s("x").then(chord).then(s("d")).node.sketch == "x|[a, b]>(c|d)")
    }

    @Test("A chain inside of a chain is spliced into it")
    func chains() { #expect(s("a").then(s("b")).then(s("c").then(s("d"))).node.sketch == "a|b|c|d") }

    @Test("What a step's own options say follows it is spliced too: only of a first step it would not be overwritten")
    func chainOption() throws {
        var node = s("b").node
        node.continuation.chain = [Signature(task: "d"), Signature(task: "c")]
        #expect(CanvasNode.chain([s("a").node, node, s("e").node]).sketch == "a|b|c|d|e")
        var more = CanvasNode.Continuation()
        more.chain = [Signature(task: "y"), Signature(task: "x")]
        let body = s("b").then(s("c"))
        #expect(try group([s("a"), s("a")]).then(body).node.attaching(more).sketch == "[a, a]>(b|c|x|y)")
        #expect(try group([s("a"), s("a")]).then(s("b")).node.attaching(more).sketch == "[a, a]>(b|x|y)")
        #expect(try group([s("a"), s("b")]).workflow.node.attaching(more).sketch == "[a, b]>(x|y)")
    }

    @Test("A group of one and a group inside of a group stay what they are; Celery unrolls and flattens them")
    func notFlattened() {
        #expect(s("a").then(group([s("b")])).workflow.node.sketch == "a|[b]")
        let inner = group([s("a"), s("b")])
        #expect(group([inner, group([s("c")])]).workflow.node.sketch == "[[a, b], [c]]")
    }

    @Test("What follows a chord or chain by its own options ends with it")
    func callsAfterChord() throws {
        var chord = group([s("a"), s("b")]).then(s("c")).node
        chord.continuation.chain = [Signature(task: "e"), Signature(task: "d")]
        #expect(try chord.pushed().calls.map(\.signature.task) == ["a", "b", "c", "d", "e"])
        var chain = s("a").then(s("b")).node
        chain.continuation.chain = [Signature(task: "d"), Signature(task: "c")]
        #expect(try chain.pushed().calls.map(\.signature.task) == ["a", "b", "c", "d"])
        var call = s("a").node
        call.continuation.chain = [Signature(task: "c"), Signature(task: "b")]
        #expect(try call.pushed().calls.map(\.signature.task) == ["a", "b", "c"])
    }

    // MARK: - Messages

    @Test("The steps of a chain travel in reverse, with ids that the client chose")
    func reversed() throws {
        let steps = try canvas.steps(s("a").then(s("b")).then(s("c")))
        #expect(steps.map(\.headers.task) == ["a"])
        let chain = try #require(steps[0].embed.chain).signatures()
        #expect(chain.map(\.task) == ["c", "b"])
        #expect(chain.allSatisfy { $0.options["task_id"]?.text != nil })
    }

    @Test("The result goes before a step's own arguments; an immutable signature ignores the parent's result")
    func prepended() throws {
        let steps = try canvas.steps(s("a", 1).then(s("b", 2)).then(canvas.si("c", 3)))
        #expect(steps[0].arguments == [1])
        let second = try canvas.after(steps[0], returning: "value")
        #expect(second.map(\.headers.task) == ["b"])
        #expect(second[0].arguments == ["value", 2])
        let third = try canvas.after(second[0], returning: "other")
        #expect(third[0].arguments == [3])
        #expect(third[0].embed.chain == [])
    }

    @Test("The members of a group have one group id, places from 0, and each its own id as root")
    func members() throws {
        let steps = try canvas.steps(group([s("a"), s("b"), s("c")]))
        #expect(Set(steps.map(\.headers.group)).count == 1 && steps[0].headers.group != nil)
        #expect(steps.map(\.headers.groupIndex) == [0, 1, 2])
        #expect(steps.allSatisfy { $0.headers.rootID == $0.headers.id && $0.headers.parentID == nil })
    }

    @Test("The places of groups in a chord's header are counted on, however deep they lie")
    func nestedPlaces() throws {
        let inner = group([s("b").then(s("c")).node, group([s("d"), s("e")]).workflow.node].map(canvas.workflow))
        let last = s("f").then(group([s("g"), s("h")])).workflow.node
        let header = group([s("a").node, inner.workflow.node, last, s("i").node].map(canvas.workflow))
        let steps = try canvas.steps(header.then(s("body")))
        #expect(steps.map(\.headers.task) == ["a", "b", "d", "e", "f", "i"])
        let places = try steps.map { step in
            try step.embed.chain?.signatures().first
                .map { try CanvasNode($0).pushed().calls.map(\.continuation.groupIndex) }
                ?? [step.headers.groupIndex]
        }
        #expect(places == [[0], [1], [2], [3], [4, 5], [6]])
    }

    @Test("A group's id is its task_id option")
    func groupID() async throws {
        let id = TaskID.random()
        let result = try await group([s("a"), s("b")]).applyAsync(SendOptions(taskID: id))
        #expect(result.id == id)
        #expect(!result.members.map(\.id).contains(id))
    }

    @Test("A task_id given to a chain names its last task, one given to a chord its body")
    func taskID() async throws {
        let id = TaskID.random()
        let chain = try await s("a").then(s("b")).applyAsync(taskID: id)
        #expect(chain.id == id && chain.parent?.id != id)
        let chord = try await group([s("a"), s("b")]).then(s("c")).applyAsync(taskID: id)
        #expect(chord.id == id && chord.parent?.id != id)
    }

    @Test("Callbacks of a chain go to its last step, errbacks to every step")
    func chainLinks() throws {
        let chain = s("a").then(s("b")).then(s("c")).link(s("done")).linkError(s("alert"))
        let step = try canvas.steps(chain)[0]
        #expect(step.embed.callbacks.isEmpty && step.embed.errbacks.map(\.task) == ["alert"])
        let rest = try #require(step.embed.chain).signatures().map { try CanvasNode($0).continuation }
        #expect(rest.map { $0.callbacks.map(\.task) } == [["done"], []])
        #expect(rest.map { $0.errbacks.map(\.task) } == [["alert"], ["alert"]])
    }

    @Test("A link on a group goes to its first member only, and takes nothing")
    func groupLink() throws {
        let steps = try canvas.steps(group([s("a"), s("b")]).link(s("done", 1)))
        #expect(steps.map { $0.embed.callbacks.map(\.task) } == [["done"], []])
        #expect(try canvas.after(steps[0], returning: "value")[0].arguments == [1])
    }

    @Test("An error link on a group goes to each of its members")
    func groupErrors() throws {
        let steps = try canvas.steps(group([s("a"), s("b")]).linkError(s("alert")))
        #expect(steps.map { $0.embed.errbacks.map(\.task) } == [["alert"], ["alert"]])
    }

    @Test("A link or error link on a chord goes to its body only")
    func chordLinks() throws {
        let chord = group([s("a"), s("b")]).then(s("c")).link(s("done")).linkError(s("alert"))
        for step in try canvas.steps(chord) {
            #expect(step.embed.callbacks.isEmpty && step.embed.errbacks.isEmpty)
            let body = try CanvasNode(#require(step.embed.chord)).continuation
            #expect(body.callbacks.map(\.task) == ["done"] && body.errbacks.map(\.task) == ["alert"])
        }
    }

    @Test(
        "With task_allow_error_cb_on_chord_header an error link on a chord goes to its header too, and takes nothing there"
    )
    func headerErrors() throws {
        let canvas = PlannedCanvas { $0.taskAllowErrorCallbackOnChordHeader = true }
        let chord = group([canvas.s("a"), canvas.s("b")]).then(canvas.s("c")).linkError(canvas.s("alert"))
        for step in try canvas.steps(chord) {
            #expect(step.embed.errbacks.map(\.task) == ["alert"])
            #expect(step.embed.errbacks.map(\.immutable) == [true])
        }
    }

    @Test(
        "A header in which nothing can ever be counted runs the body at once, and what stands before its empty groups"
    )
    func nothingToCount() throws {
        let members = [CanvasNode.group([]), .chain([s("a").node, .group([])])]
        let chord = CanvasNode.chord(.group(members), s("body").node)
        let plan = try CanvasSender(app: canvas.app).plan(chord, from: CanvasOrigin()).plan
        #expect(plan.chords.isEmpty)
        let steps = try canvas.steps(chord, CanvasOrigin())
        #expect(steps.map(\.headers.task).sorted() == ["a", "body"])
        let body = try #require(steps.first { $0.headers.task == "body" })
        #expect(body.arguments == [[]])
        #expect(steps.allSatisfy { $0.embed.chord == nil })
    }

    @Test("The same callback or errback twice is there once")
    func twice() throws {
        let call = s("a").link(s("done")).link(s("done")).linkError(s("alert")).linkError(s("alert"))
        let embed = try canvas.steps(call)[0].embed
        #expect(embed.callbacks.map(\.task) == ["done"] && embed.errbacks.map(\.task) == ["alert"])
    }

    @Test(
        "Only what a header's members come to in the end is counted: of a chain its last step, of a chord its body, of a group all"
    )
    func sizes() throws {
        let chain = s("a").then(s("b")).then(s("c"))
        let chord = group([s("a"), s("b"), s("c")]).then(s("d"))
        let mixed = s("a").then(group([s("b"), s("c")]))
        let header = try group(
            [s("x").signature(), chain.signature(), chord.signature(), mixed.workflow.signature()]
                .map(canvas.app.workflow)
        )
        let starts = try canvas.chords(header.then(s("body")))
        #expect(starts.count == 2)
        #expect(starts.map(\.size).sorted() == [3, 5])
    }

    @Test("A chain in a header says only in its last step that it is a part of a chord")
    func chainInHeader() throws {
        let steps = try canvas.steps(group([s("a").then(s("b")), s("c")]).then(s("body")))
        let first = try #require(steps.first { $0.headers.task == "a" })
        #expect(first.embed.chord == nil && first.headers.group == nil)
        let last = try CanvasNode(#require(first.embed.chain?.signatures().first)).continuation
        #expect(last.chord?.task == "body" && last.groupIndex == 0 && last.groupID != nil)
    }

    @Test("A chord's body has the header's group id, and is no part of that group's chord")
    func bodyGroup() throws {
        let steps = try canvas.steps(group([s("a"), s("b")]).then(s("c")))
        let body = try CanvasNode(#require(steps[0].embed.chord)).continuation
        #expect(body.groupID == steps[0].headers.group)
        #expect(body.chord == nil)
    }

    @Test("A chord without a header begins with its body, which is given an empty list")
    func emptyHeader() throws {
        let chord = group([Workflow<Unchecked, CeleryValue>]()).then(s("c", 1))
        let steps = try canvas.steps(chord)
        #expect(steps.map(\.headers.task) == ["c"] && steps[0].arguments == [[], 1])
        #expect(try canvas.chords(chord).isEmpty)
    }

    @Test(
        "map and starmap are one message that names the task inside; chunks are a group of starmaps; none of them takes a result"
    )
    func maps() throws {
        let add = canvas.app.task("add", options: TaskOptions(queue: "sums")) { (x: Int, y: Int) in x + y }
        let double = canvas.app.task("double") { (x: Int) in 2 * x }
        #expect(try canvas.steps(double.map([1, 2])).map(\.headers.task) == ["celery.map"])
        let starmap = try canvas.steps(add.starmap([add.s(1, 2)]))
        #expect(starmap.map(\.headers.task) == ["celery.starmap"])
        #expect(starmap[0].properties.routingKey == "sums", "it goes where the task inside would go")
        let chunks = try canvas.steps(add.chunks((0..<5).map { add.s($0, $0) }, of: 2))
        #expect(chunks.map(\.headers.task) == ["celery.starmap", "celery.starmap", "celery.starmap"])
        #expect(Set(chunks.map(\.headers.group)).count == 1)
        let chained = try canvas.steps(s("a").then(double.map([1, 2])))
        #expect(try canvas.after(chained[0], returning: 9)[0].arguments == [])
    }

    @Test("map and starmap are routed by the name of the task inside")
    func routedMaps() throws {
        let canvas = PlannedCanvas { $0.taskRoutes = ["add": "sums"] }
        let add = canvas.app.task("add") { (x: Int, y: Int) in x + y }
        #expect(try canvas.steps(add.starmap([add.s(1, 2)]))[0].properties.routingKey == "sums")
    }

    @Test(
        "A callback's own task_id, group_id and chord are kept; its parent and root are those of the task that calls it"
    )
    func callbackOptions() throws {
        let signature = Signature(
            task: "next",
            options: [
                "task_id": "chosen", "group_id": "g", "group_index": 3, "chord": try Signature(task: "body").value(),
            ]
        )
        let step = try canvas.steps(s("a").link(try canvas.app.workflow(signature)))[0]
        let next = try canvas.after(step, returning: 1)[0]
        #expect(next.headers.id == "chosen" && next.headers.group == "g" && next.headers.groupIndex == 3)
        #expect(next.embed.chord?.task == "body")
        #expect(next.headers.parentID == step.headers.id && next.headers.rootID == step.headers.id)
    }

    @Test("Stamps travel in every message and signature that carried them")
    func stamps() throws {
        let options: CeleryObject = ["stamped_headers": ["monitor"], "monitor": "m-1"]
        var signature = Signature(task: "b")
        signature.options = options
        let step = try canvas.steps(s("a").then(try canvas.app.workflow(signature)))[0]
        let next = try canvas.after(step, returning: 1)[0]
        #expect(next.headers.stampedHeaders == ["monitor"])
        #expect(next.headers.stamps["monitor"] == "m-1")
    }
}

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

@Suite("Pictures of workflows")
struct WorkflowGraphTests {
    private let tasks = WorkflowTests.Tasks()
    private let patience = Duration.seconds(60)

    /// Its edges, nodes by their labels.
    private func edges(_ graph: WorkflowGraph, _ name: (WorkflowGraph.Node) -> String = \.label) -> Set<String> {
        var names: [String: String] = [:]
        for node in graph.nodes { names[node.id] = name(node) }
        return Set(
            graph.edges.map { edge in
                let arrow = edge.kind == .follows ? ">" : edge.kind == .onSuccess ? "+" : "!"
                return "\(names[edge.from] ?? "?") \(arrow) \(names[edge.to] ?? "?")"
            }
        )
    }

    @Test("A chain with a chord, callbacks and errbacks, before it is sent")
    func unsent() throws {
        let (add, mul, sum) = (tasks.add, tasks.mul, tasks.sum)
        let alert = tasks.app.task("alert") { (_: String) in }
        let workflow = add.s(1, 2).then(group([mul.s(3), mul.s(4)])).then(sum.s()).then(add.s(7))
            .link(mul.s(9)).onError(alert.s())
        let graph = try workflow.graph()
        #expect(
            edges(graph) == [
                "add(1, 2) > mul(3)", "add(1, 2) > mul(4)", "mul(3) > sum()", "mul(4) > sum()", "sum() > add(7)",
                "add(7) + mul(9)", "add(1, 2) ! alert()", "sum() ! alert()", "add(7) ! alert()",
            ]
        )
        #expect(graph.nodes.count == 7)
        #expect(graph.groups.map(\.label) == ["header"])
        #expect(graph.nodes.filter { $0.groupID == graph.groups[0].id }.map(\.label) == ["mul(3)", "mul(4)"])
        #expect(graph.nodes.allSatisfy { $0.state == nil && !$0.isJoint })
    }

    @Test(
        "Between two groups stands a joint; groups in groups are framed in each other; an empty group is passed through"
    )
    func shapes() throws {
        let (add, mul, sum) = (tasks.add, tasks.mul, tasks.sum)
        let spread = tasks.app.task("spread") { (values: [Int], _: Int) in values.count }
        let twice = try group([add.s(1, 1), add.s(2, 2)]).then(group([spread.s(1), spread.s(2)])).graph()
        #expect(twice.nodes.count(where: \.isJoint) == 1)
        #expect(twice.edges.count == 4)
        let nested = try group([group([add.s(1, 1), mul.s(2, 2)]), group([add.s(3, 3)])]).graph()
        #expect(nested.groups.map(\.parentID) == [nil, "g1", "g1"])
        #expect(nested.edges.isEmpty)
        let empty = try add.s(1, 1).then(group([Workflow<Int, Int>]())).then(sum.s()).graph()
        #expect(edges(empty) == ["add(1, 1) > sum()"])
        let wide = try group((0..<100).map { add.s($0, 0) }).then(group((0..<100).map { spread.s($0) })).graph()
        #expect(wide.edges.count == 200)
    }

    @Test("From the result of sending it, with states, while it runs and after", arguments: [true, false])
    func running(fromRoot: Bool) async throws {
        let (add, mul, sum, app) = (tasks.add, tasks.mul, tasks.sum, tasks.app)
        let door = Doorway()
        let slow = app.task("slow") { (x: Int, y: Int) -> Int in
            await door.waitUntilOpen()
            return x * y
        }
        let workflow = add.s(1, 2).then(group([mul.s(3), slow.s(4)])).then(sum.s()).then(add.s(7))
        let result = try await workflow.delay()
        let before = try await result.graph()
        #expect(before.nodes.count == 5)
        #expect(before.nodes.allSatisfy { $0.state == .pending })
        let restored = try AsyncResult<Int>(tuple: result.tuple, app: app)
        try await withWorker(app) { () async throws -> Void in
            let isHalfWay: Bool = try await eventually {
                try await restored.graph().nodes.count { $0.state == .success } == 2
            }
            #expect(isHalfWay, "what is before the task that waits, and beside it")
            #expect(try await restored.graph().nodes.count { $0.state == .pending } == 3)
            door.open()
            #expect(try await restored.get(timeout: patience) == 28)
            #expect(try await restored.ready())
        }
        var first: AsyncResult<CeleryValue>? = result.parent
        while let parent = first?.parent { first = parent }
        let after = fromRoot ? try await #require(first).graph() : try await restored.graph()
        #expect(after.nodes.allSatisfy { $0.state == .success })
        #expect(after.nodes.count == 5)
        #expect(after.groups.count == 1)
        var returned: [String: String] = [:]
        for node in after.nodes {
            let id = try #require(node.taskID)
            returned[node.id] = "\(try await AsyncResult<Int>(id: id, app: app).get())"
        }
        #expect(edges(after) { returned[$0.id] ?? "?" } == ["3 > 9", "3 > 12", "9 > 21", "12 > 21", "21 > 28"])
    }

    @Test("What a task sends by itself belongs to its picture; names are known with result_extended")
    func sentByTasks() async throws {
        let app = TestApp.make { $0.resultExtended = true }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
        let parent = app.task("parent") { () -> Int in
            try await group([add.s(1, 1), add.s(2, 2)]).then(sum.s()).delay()
            try await add.s(5, 5).delay()
            return 0
        }
        try await withWorker(app) { () async throws -> Void in
            let result = try await parent.s().delay()
            _ = try await result.get(timeout: patience)
            #expect(
                try await eventually { try await result.graph().nodes.allSatisfy { $0.state == .success } }
            )
            let graph = try await result.graph()
            #expect(graph.nodes.map(\.label).sorted() == ["add", "add", "add", "parent", "sum"])
            #expect(edges(graph) == ["parent > add", "add > sum"])
            let children = try await result.children()
            #expect(children.count == 3)
            #expect(try await children[0].get(timeout: patience) == [2, 4])
            #expect(try await children[1].get(timeout: patience) == 6)
        }
    }
}

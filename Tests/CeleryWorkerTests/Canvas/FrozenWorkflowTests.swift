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

@Suite("Workflows whose ids are given before they are sent", .timeLimit(.minutes(5)))
struct FrozenWorkflowTests {
    private let patience = Duration.seconds(60)
    private let tasks = SemanticsTasks()

    @Test("A call, a chain, a chord and a group run under the ids that they had, also when another program sends them")
    func ids() async throws {
        let (app, add, mul, sum) = (tasks.app, tasks.add, tasks.mul, tasks.sum)
        let call = try add.s(1, 2).frozen()
        let chord = try add.s(1, 2).then(group([mul.s(3), mul.s(4)])).then(sum.s()).then(add.s(7)).frozen()
        let members = try group([add.s(1, 1), add.s(2, 2).then(mul.s(2))]).frozen()
        try await withWorker(app) { () async throws -> Void in
            #expect(try await call.workflow.delay().tuple == call.result.tuple)
            #expect(try await call.result.get(timeout: patience) == 3)
            let elsewhere = try app.workflow(Signature(chord.workflow.signature().value()))
            #expect(try await elsewhere.delay().tuple == chord.result.tuple)
            #expect(try await chord.result.get(timeout: patience) == 28)
            #expect(try await chord.result.parent?.parent?.get(timeout: patience) == [9, 12])
            #expect(try await members.workflow.delay().result.tuple == members.result.result.tuple)
            #expect(try await members.result.join(timeout: patience) == [2, 8])
        }
    }

    @Test("Frozen again, or made longer, it keeps the ids that it has; an id that was chosen is one of them")
    func kept() throws {
        let (workflow, result) = try tasks.add.s(1, 2).then(tasks.mul.s(3)).set(SendOptions(taskID: "chosen")).frozen()
        #expect(result.id == "chosen")
        #expect(try workflow.frozen().result.tuple == result.tuple)
        #expect(try workflow.then(tasks.mul.s(4)).frozen().result.parent?.tuple == result.tuple)
    }

    @Test("Its picture has the ids, and shows states from the result store")
    func picture() async throws {
        let (workflow, result) = try tasks.add.s(1, 2).then(group([tasks.add.s(3), tasks.add.s(4)]))
            .then(tasks.sum.s()).frozen()
        let graph = try workflow.graph()
        #expect(graph.nodes.allSatisfy { $0.taskID != nil })
        #expect(try await graph.withStates(from: tasks.app).nodes.allSatisfy { $0.state == .pending })
        try await workflow.delay()
        try await withWorker(tasks.app) { () async throws -> Void in
            #expect(try await result.get(timeout: patience) == 13)
            #expect(try await graph.withStates(from: tasks.app).nodes.allSatisfy { $0.state == .success })
        }
    }

    @Test("Made immutable, calls, chains, groups and chords take nothing from the step before them")
    func immutable() async throws {
        let (add, mul, sum) = (tasks.add, tasks.mul, tasks.sum)
        let pair = group([add.s(1, 1), add.s(2, 2)])
        try await withWorker(tasks.app) { () async throws -> Void in
            let call = add.s(100, 1).then(add.s(2, 3).setImmutable())
            #expect(try await call.delay().get(timeout: patience) == 5)
            let chain = add.s(100, 1).then(add.s(2, 3).then(mul.s(4)).setImmutable())
            #expect(try await chain.delay().get(timeout: patience) == 20)
            let members = add.s(100, 1).then(pair.setImmutable())
            #expect(try await members.delay().join(timeout: patience) == [2, 4])
            let chord = add.s(100, 1).then(pair.then(sum.s()).setImmutable()).then(mul.s(10))
            #expect(try await chord.delay().get(timeout: patience) == 60)
            let written = try tasks.app.workflow(add.s(2, 3).then(mul.s(4)).signature()).setImmutable()
            #expect(try await add.s(100, 1).then(written).delay().get(timeout: patience) == 20)
        }
    }
}

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

@Suite("Collecting the results of a workflow")
struct CollectTests {
    private let tasks = WorkflowTests.Tasks()
    private let patience = Duration.seconds(60)

    @Test("From the first task on: each result, a group as an array and then its members, outer ones before inner ones")
    func order() async throws {
        let (add, sum) = (tasks.add, tasks.sum)
        let workflow = add.s(1, 2).then(group([add.s(1).then(add.s(100)), add.s(2)])).then(sum.s()).then(add.s(5))
        try await withWorker(tasks.app) { () async throws -> Void in
            let result = try await workflow.delay()
            var first = try #require(result.parent)
            while let parent = first.parent { first = parent }
            var values: [CeleryValue] = []
            var ids: [String] = []
            for try await (result, value) in first.collect(timeout: patience) {
                values.append(value)
                ids.append(result.id)
            }
            // The chord of the second step: its header, its body; the header's members; what follows the body.
            #expect(values == [3, [104, 5], 109, 104, 5, 114])
            #expect(ids.first == first.id && ids.last == result.id)
            #expect(Set(ids).count == ids.count)
        }
    }

    @Test("A callback is collected; an error ends the sequence where it comes")
    func errors() async throws {
        let (add, boom) = (tasks.add, tasks.boom)
        try await withWorker(tasks.app) { () async throws -> Void in
            let result = try await add.s(1, 2).link(add.s(10)).link(boom.s()).link(add.s(20)).delay()
            var values: [CeleryValue] = []
            let error = await #expect(throws: CeleryError.self) { () async throws -> Void in
                for try await (_, value) in result.collect(timeout: patience) { values.append(value) }
            }
            #expect(error?.code == .taskFailed)
            #expect(values == [3, 13])
        }
    }

    @Test("Dependencies are not waited for: one that has not ended ends them, or is passed over")
    func incomplete() async throws {
        let (add, app) = (tasks.add, tasks.app)
        let result = try await add.s(1, 2).then(group([add.s(1), add.s(2)])).delay()
        let first = try #require(result.result.parent)
        var seen: [String] = []
        let error = await #expect(throws: CeleryError.self) { () async throws -> Void in
            for try await (_, result) in first.dependencies() { seen.append(result.id) }
        }
        #expect(error?.code == .incompleteStream)
        #expect(error?.taskID == first.id)
        #expect(seen == [first.id])
        var found: [String] = []
        for try await (_, result) in first.dependencies(intermediate: true) { found.append(result.id) }
        #expect(found == [first.id])
        try await withWorker(app) { () async throws -> Void in
            _ = try await result.join(timeout: patience)
            var pairs: [(String?, String)] = []
            for try await (parent, result) in first.dependencies() { pairs.append((parent?.id, result.id)) }
            let members = result.members.map(\.id)
            #expect(pairs.map(\.1) == [first.id, result.id] + members)
            #expect(pairs.map(\.0) == [nil, first.id, result.id, result.id])
        }
    }
}

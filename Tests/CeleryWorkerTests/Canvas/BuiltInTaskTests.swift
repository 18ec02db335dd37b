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

@Suite("Celery's built-in tasks, sent as tasks", .timeLimit(.minutes(5)))
struct BuiltInTaskTests {
    private let patience = Duration.seconds(60)
    private let tasks = SemanticsTasks()

    private func add(_ arguments: CeleryValue...) throws -> CeleryValue {
        try Signature(task: "add", arguments: arguments.map { EncodedValue($0) }).value()
    }

    private func sent(_ task: String, _ args: [CeleryValue], _ kwargs: CeleryObject = [:]) async throws -> CeleryValue {
        try await tasks.app.sendTask("celery.\(task)", args: args, kwargs: kwargs).get(timeout: patience)
    }

    /// What a workflow comes to of which a task has returned the result tuple.
    private func outcome(_ tuple: CeleryValue) async throws -> CeleryValue {
        try await AsyncResult<CeleryValue>(tuple: tuple, app: tasks.app).get(timeout: patience)
    }

    @Test("celery.group sends its members, with the arguments that they lack, under the group's id")
    func groups() async throws {
        try await withWorker(tasks.app) { () async throws -> Void in
            let members: CeleryValue = .array([try add(1, 1), try add(2, 2)])
            let named = try await sent("group", [], ["tasks": members])
            #expect(try await outcome(named) == [2, 4])
            let lacking: CeleryValue = .array([try add(1), try add(2)])
            let placed = try await sent("group", [lacking, .null, "the group", [10]])
            #expect(try await outcome(placed) == [11, 12])
            #expect(try AsyncResult<CeleryValue>(tuple: placed, app: tasks.app).id == "the group")
        }
    }

    @Test("celery.chord sends its header and then its body")
    func chords() async throws {
        try await withWorker(tasks.app) { () async throws -> Void in
            let header: CeleryValue = .array([try add(1, 1), try add(2, 2)])
            let body = try Signature(task: "sum").value()
            #expect(try await outcome(try await sent("chord", [], ["header": header, "body": body])) == 6)
            #expect(try await outcome(try await sent("chord", [.array([try add(1), try add(2)]), body, [10]])) == 23)
        }
    }

    @Test("celery.map, celery.starmap and celery.chunks call the task inside, by name or by position")
    func maps() async throws {
        let sum = try Signature(task: "sum").value()
        let pairs: CeleryValue = [[1, 2], [3, 4], [5, 6]]
        try await withWorker(tasks.app) { () async throws -> Void in
            #expect(try await sent("map", [], ["task": sum, "it": pairs]) == [3, 7, 11])
            #expect(try await sent("map", [sum, pairs]) == [3, 7, 11])
            #expect(try await sent("starmap", [try add(), pairs]) == [3, 7, 11])
            let chunks = try await sent("chunks", [], ["task": try add(), "it": pairs, "n": 2])
            #expect(try await outcome(chunks) == [[3, 7], [11]])
            #expect(try await outcome(try await sent("chunks", [try add(), pairs, 2])) == [[3, 7], [11]])
        }
    }

    @Test("celery.accumulate gives its arguments, or one of them")
    func accumulating() async throws {
        try await withWorker(tasks.app) { () async throws -> Void in
            #expect(try await sent("accumulate", [1, "two", [3]]) == [1, "two", [3]])
            #expect(try await sent("accumulate", [1, "two"], ["index": 1]) == "two")
        }
    }

    @Test("celery.backend_cleanup deletes what has expired, and nothing else")
    func cleaning() async throws {
        let backend = try await tasks.app.resultBackend()
        for (id, expires) in [("old", Duration.zero), ("new", .seconds(3600))] {
            let meta = TaskMeta(taskID: id, state: .success, outcome: .value(EncodedValue(1)))
            try await backend.store([StoredResult(meta, expires: expires)], timeout: .seconds(5))
        }
        try await withWorker(tasks.app) { () async throws -> Void in
            #expect(try await sent("backend_cleanup", []) == .null)
            #expect(try await backend.removeExpired() == 0)
            #expect(try await backend.fetch(["old", "new"], timeout: .seconds(5)).keys.sorted() == ["new"])
        }
    }

    @Test(
        "celery.chain is not a real task, and wrong arguments are a TypeError, as in Celery",
        arguments: [("chain", []), ("map", [1, 2, 3]), ("chunks", [[:]])] as [(String, [CeleryValue])]
    )
    func refused(task: String, args: [CeleryValue]) async throws {
        try await withWorker(tasks.app) { () async throws -> Void in
            let error = await #expect(throws: CeleryError.self) { try await sent(task, args) }
            #expect(error?.exception?.type == "TypeError")
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension ResultBackendCheck {
    static let storing: [ResultBackendCheck] = [
        ResultBackendCheck("an id of which nothing is known is absent") { harness in
            try requireEqual(try await harness.fetch("a"), nil)
        },
        ResultBackendCheck("a result comes out as it went in") { harness in
            let meta = TaskMeta(
                taskID: harness.prefix + "a",
                state: .failure,
                outcome: .exception(ExceptionInfo(type: "KeyError", arguments: ["k", 1], module: "builtins")),
                traceback: "line one\nline two",
                children: [[["b", nil], nil]],
                dateDone: "2030-01-02T03:04:05.678900+00:00",
                groupID: "g",
                parentID: "p"
            )
            try await harness.store(meta)
            try requireEqual(try await harness.fetch("a"), meta)
        },
        ResultBackendCheck("a state is replaced by the next") { harness in
            for state in [TaskState.started, .retry, .failure, .started, .success] {
                let exception = TaskMeta.Outcome.exception(ExceptionInfo(type: "E", module: "m"))
                let outcome = state.isException ? exception : .value(EncodedValue(.int(1)))
                try await harness.store(TaskMeta(taskID: harness.prefix + "a", state: state, outcome: outcome))
                try requireEqual(try await harness.fetch("a")?.state, state)
            }
        },
        ResultBackendCheck("a stored SUCCESS is never overwritten") { harness in
            let id = harness.prefix + "a"
            try await harness.store(TaskMeta(taskID: id, state: .success, outcome: .value(EncodedValue(.int(1)))))
            for state in [TaskState.failure, .started, .retry, .success] {
                try await harness.store(TaskMeta(taskID: id, state: state, outcome: .value(EncodedValue(.int(2)))))
            }
            let kept = try requireSome(await harness.fetch("a"), "the result")
            try requireEqual(kept.state, .success)
            guard case .value(let value) = kept.outcome else { throw harness.failure("\(kept.outcome)") }
            try requireEqual(try value.value(), .int(1))
        },
        ResultBackendCheck("what an attempt tells of itself gives way to an end that came after it began") { harness in
            let began = Timestamp(microseconds: 1_900_000_000_500_000)
            func passing(_ state: TaskState, after pause: Duration = .zero) async throws {
                let meta = TaskMeta(taskID: harness.prefix + "a", state: state, outcome: .value(EncodedValue(.int(1))))
                let since = began.advanced(by: pause)
                try await harness.backend.store(
                    [StoredResult(meta, expires: .seconds(60), since: since)],
                    timeout: .seconds(5)
                )
            }
            let error = TaskMeta.Outcome.exception(ExceptionInfo(type: "E", module: "m"))
            try await passing(.started)
            try await passing("PROGRESS")
            try requireEqual(try await harness.fetch("a")?.state, "PROGRESS")
            for (state, done) in [
                (TaskState.failure, began.iso8601), (.revoked, began.advanced(by: .milliseconds(1)).iso8601),
                (.failure, "2030-03-17T19:46:41+02:00"), (.failure, "at noon"), (.revoked, nil),
            ] {
                let end = TaskMeta(taskID: harness.prefix + "a", state: state, outcome: error, dateDone: done)
                try await harness.store(end)
                try await passing("PROGRESS")
                try requireEqual(try await harness.fetch("a"), end)
            }
            let end = TaskMeta(
                taskID: harness.prefix + "a",
                state: .failure,
                outcome: error,
                dateDone: began.iso8601
            )
            try await harness.store(end)
            try await passing("PROGRESS", after: .seconds(1))
            try requireEqual(try await harness.fetch("a")?.state, "PROGRESS", "an attempt that began later")
        },
        ResultBackendCheck("many are stored and fetched in one call") { harness in
            let ids = (0..<500).map { "\(harness.prefix)m\($0)" }
            let metas = ids.map { TaskMeta(taskID: $0, state: .success, outcome: .value(EncodedValue(.string($0)))) }
            try await harness.backend.store(metas.map { StoredResult($0, expires: .seconds(60)) }, timeout: .seconds(5))
            let found = try await harness.backend.fetch(ids + [harness.prefix + "other"], timeout: .seconds(5))
            try requireEqual(Set(found.keys), Set(ids))
            try require(found.allSatisfy { $0.key == $0.value.taskID }, "results under other ids")
        },
        ResultBackendCheck("the last of several results of one task in a call counts") { harness in
            let id = harness.prefix + "a"
            let states = [TaskState.started, .failure]
                .map { StoredResult(TaskMeta(taskID: id, state: $0), expires: nil) }
            try await harness.backend.store(states, timeout: .seconds(5))
            try requireEqual(try await harness.fetch("a")?.state, .failure)
        },
        ResultBackendCheck("a forgotten result is gone") { harness in
            try await harness.store(TaskMeta(taskID: harness.prefix + "a", state: .success))
            try await harness.backend.forget([harness.prefix + "a", harness.prefix + "other"])
            try requireEqual(try await harness.fetch("a"), nil)
            try await harness.store(TaskMeta(taskID: harness.prefix + "a", state: .failure))
            try requireEqual(try await harness.fetch("a")?.state, .failure, "stored anew")
        },
        ResultBackendCheck("an expired result is absent, others stay") { harness in
            let (short, long) = (harness.prefix + "short", harness.prefix + "long")
            let metas = [
                StoredResult(TaskMeta(taskID: short, state: .success), expires: .seconds(3)),
                StoredResult(TaskMeta(taskID: long, state: .success), expires: nil),
            ]
            try await harness.backend.store(metas, timeout: .seconds(5))
            try requireEqual(try await harness.fetch("short")?.state, .success)
            try await harness.pass(.milliseconds(3001))
            try requireEqual(try await harness.fetch("short"), nil)
            try requireEqual(try await harness.fetch("long")?.state, .success)
            _ = try await harness.backend.removeExpired()
            try requireEqual(try await harness.fetch("long")?.state, .success)
            try await harness.store(TaskMeta(taskID: short, state: .failure))
            try requireEqual(try await harness.fetch("short")?.state, .failure, "an expired SUCCESS")
        },
    ]
}

extension ResultBackendHarness {
    func store(_ meta: TaskMeta) async throws {
        try await backend.store([StoredResult(meta, expires: .seconds(3600))], timeout: .seconds(5))
    }

    func fetch(_ id: String) async throws -> TaskMeta? {
        try await backend.fetch([prefix + id], timeout: .seconds(5))[prefix + id]
    }

    func failure(_ message: String, file: String = #fileID, line: Int = #line) -> CheckFailure {
        CheckFailure(message, file: file, line: line)
    }
}

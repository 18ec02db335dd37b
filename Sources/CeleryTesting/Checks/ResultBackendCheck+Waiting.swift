//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization

extension ResultBackendCheck {
    static let waiting: [ResultBackendCheck] = [
        ResultBackendCheck("a result that is there is returned at once") { harness in
            let id = harness.prefix + "a"
            try await harness.store(TaskMeta(taskID: id, state: .failure))
            try requireEqual(try await harness.backend.wait(for: id, timeout: .seconds(3600))?.state, .failure)
        },
        ResultBackendCheck("waiting ends with a ready state, not before") { harness in
            let id = harness.prefix + "a"
            async let waited = harness.backend.wait(for: id, timeout: .seconds(3600))
            for state in [TaskState.received, .started, "PROGRESS", .success] {
                try await harness.store(TaskMeta(taskID: id, state: state))
                try await Task.sleep(for: .milliseconds(5))
            }
            try requireEqual(try await waited?.state, .success)
        },
        ResultBackendCheck("waiting in vain returns nil after the time-out") { harness in
            let id = harness.prefix + "a"
            try await harness.store(TaskMeta(taskID: id, state: .started))
            async let waited = harness.backend.wait(for: id, timeout: .milliseconds(300))
            let passing = harness.passTime()
            defer { passing.cancel() }
            try requireEqual(try await waited, nil)
        },
        ResultBackendCheck("a time-out of zero only looks") { harness in
            let id = harness.prefix + "a"
            try requireEqual(try await harness.backend.wait(for: id, timeout: .zero), nil)
            try await harness.store(TaskMeta(taskID: id, state: .success))
            try requireEqual(try await harness.backend.wait(for: id, timeout: .zero)?.state, .success)
        },
        ResultBackendCheck("a cancelled wait ends as closed") { harness in
            let waiting = Task { try await harness.backend.wait(for: harness.prefix + "a", timeout: .seconds(3600)) }
            try await Task.sleep(for: .milliseconds(20))
            waiting.cancel()
            do {
                let found = try await waiting.value
                throw harness.failure("returned \(String(describing: found))")
            } catch let error as TransportError {
                try requireEqual(error.code, .closed)
                try require(error.cause is CancellationError, "the cause is \(String(describing: error.cause))")
            }
        },
        ResultBackendCheck("many wait for one task and many for others") { harness in
            let ids = (0..<100).map { "\(harness.prefix)m\($0)" }
            let states = try await withThrowingTaskGroup(of: TaskState?.self) { group in
                for id in ids + ids + Array(repeating: ids[0], count: 50) {
                    group.addTask { try await harness.backend.wait(for: id, timeout: .seconds(3600))?.state }
                }
                for id in ids { try await harness.store(TaskMeta(taskID: id, state: .success)) }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try requireEqual(states.count, 250)
            try require(states.allSatisfy { $0 == .success }, "a waiter got another state")
        },
        ResultBackendCheck("one waits for many: each is handed over once, in whatever state it ends") { harness in
            let ids = (0..<1100).map { "\(harness.prefix)w\($0)" }
            for id in ids.prefix(5) { try await harness.store(TaskMeta(taskID: id, state: .failure)) }
            let seen = Mutex<[String: Int]>([:])
            async let waiting: Void = harness.backend.wait(forAll: ids + ids.prefix(3), timeout: .seconds(3600)) {
                metas in
                seen.withLock { seen in
                    for meta in metas { seen[meta.taskID, default: 0] += meta.state.isReady ? 1 : 1000 }
                }
                return true
            }
            try await harness.eventually { seen.withLock { $0.count } == 5 }
            try await harness.backend.store(
                ids.dropFirst(5).map { StoredResult(TaskMeta(taskID: $0, state: .success), expires: nil) },
                timeout: .seconds(10)
            )
            let passing = harness.passTime()
            defer { passing.cancel() }
            try await waiting
            try requireEqual(seen.withLock { $0.count }, ids.count)
            try require(seen.withLock { $0.values.allSatisfy { $0 == 1 } }, "handed over twice, or too early")
        },
        ResultBackendCheck("waiting for many ends when there is enough, when time is up, and when cancelled") {
            harness in
            let ids = ["a", "b", "c"].map { harness.prefix + $0 }
            try await harness.store(TaskMeta(taskID: ids[0], state: .success))
            try await harness.backend.wait(forAll: ids, timeout: .seconds(3600)) { _ in false }
            let passing = harness.passTime()
            defer { passing.cancel() }
            try await harness.backend.wait(forAll: ids, timeout: .milliseconds(300)) { _ in true }
            let waiting = Task {
                try await harness.backend.wait(forAll: ids, timeout: .seconds(3600)) { _ in true }
            }
            try await Task.sleep(for: .milliseconds(20))
            waiting.cancel()
            do {
                try await waiting.value
                throw harness.failure("returned although it was cancelled")
            } catch let error as TransportError {
                try requireEqual(error.code, .closed)
                try require(error.cause is CancellationError, "the cause is \(String(describing: error.cause))")
            }
        },
    ]
}

extension ResultBackendHarness {
    /// Lets time go by until it is cancelled.
    fileprivate func passTime() -> Task<Void, any Error> {
        Task {
            while !Task.isCancelled {
                try await pass(.milliseconds(50))
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    fileprivate func eventually(_ condition: @Sendable () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }
}

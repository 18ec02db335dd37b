//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

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
            let passing = Task {
                while !Task.isCancelled {
                    try await harness.pass(.milliseconds(50))
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
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
    ]
}

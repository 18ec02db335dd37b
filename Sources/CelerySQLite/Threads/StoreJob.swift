//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import GRDB
import Synchronization

/// One call's share of a write transaction.
protocol WriteJob: Sendable {
    /// Not to be begun after.
    var deadline: MonotonicTime { get }
    /// Whether its caller has gone.
    var isCancelled: Bool { get }
    /// Whether it has anything to do that needs a transaction; asked outside of one.
    func isWorthwhile(_ database: Database) throws -> Bool
    func perform(_ transaction: StoreTransaction) throws
    /// Answers the caller, after the commit.
    func finish()
    func fail(_ error: TransportError)
}

/// A job that answers one continuation.
final class StoreJob<Value: Sendable>: WriteJob {
    private struct State {
        var value: Value?
        var continuation: CheckedContinuation<Value, any Error>?
    }

    let deadline: MonotonicTime
    private let cancelled = Atomic(false)
    private let idle: (@Sendable (Database) throws -> Value?)?
    private let body: @Sendable (StoreTransaction) throws -> Value
    private let state = Mutex(State())

    /// - Parameters:
    ///   - idle: The answer when there is nothing to do, found by reading only.
    ///   - body: May run again after a rollback.
    init(
        deadline: MonotonicTime,
        idle: (@Sendable (Database) throws -> Value?)?,
        body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) {
        self.deadline = deadline
        self.idle = idle
        self.body = body
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
    func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Called once, before it is queued.
    func answer(_ continuation: CheckedContinuation<Value, any Error>) {
        state.withLock { $0.continuation = continuation }
    }

    func isWorthwhile(_ database: Database) throws -> Bool {
        guard let idle else { return true }
        guard let value = try idle(database) else { return true }
        state.withLock { $0.value = value }
        return false
    }

    func perform(_ transaction: StoreTransaction) throws {
        let value = try body(transaction)
        state.withLock { $0.value = value }
    }

    func finish() {
        guard let value = state.withLock(\.value) else {
            return fail(TransportError(.unavailable, "the store gave no answer"))
        }
        takeContinuation()?.resume(returning: value)
    }

    func fail(_ error: TransportError) { takeContinuation()?.resume(throwing: error) }

    /// Once: it is resumed once.
    private func takeContinuation() -> CheckedContinuation<Value, any Error>? {
        state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
    }
}
#endif

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
///
/// `@unchecked Sendable`: `value` and `continuation` are touched by the writer's thread only, once the job was queued;
/// queuing hands them over.
final class StoreJob<Value: Sendable>: WriteJob, @unchecked Sendable {
    let deadline: MonotonicTime
    private let cancelled = Atomic(false)
    private let idle: (@Sendable (Database) throws -> Value?)?
    private let body: @Sendable (StoreTransaction) throws -> Value
    private var value: Value?
    private var continuation: CheckedContinuation<Value, any Error>?

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
    func answer(_ continuation: CheckedContinuation<Value, any Error>) { self.continuation = continuation }

    func isWorthwhile(_ database: Database) throws -> Bool {
        guard let idle else { return true }
        value = try idle(database)
        return value == nil
    }

    func perform(_ transaction: StoreTransaction) throws { value = try body(transaction) }

    func finish() {
        guard let value else { return fail(TransportError(.unavailable, "the store gave no answer")) }
        continuation?.resume(returning: value)
        continuation = nil
    }

    func fail(_ error: TransportError) {
        continuation?.resume(throwing: error)
        continuation = nil
    }
}
#endif

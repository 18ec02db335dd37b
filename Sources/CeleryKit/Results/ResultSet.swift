//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization

/// Several results, asked for and waited for together: Celery's `ResultSet`.
///
/// However many they are, they are waited for by one task, at some hundred bytes each.
///
/// ```swift
/// var results = ResultSet<Int>()
/// for number in 0..<100_000 { results.add(try await square.delay(number)) }
/// for try await end in results.completed() { print(end.result.id, try end.outcome.get()) }
/// ```
public struct ResultSet<Output: Codable & Sendable>: Sendable {
    /// In the order in which they were added.
    public private(set) var results: [AsyncResult<Output>]

    /// How a result ended.
    public struct Completion: Sendable {
        /// Its place in ``ResultSet/results``.
        public var index: Int
        public var result: AsyncResult<Output>
        /// What it returned, or what ``AsyncResult/get(timeout:)`` throws.
        public var outcome: Result<Output, any Error>
    }

    public init(_ results: [AsyncResult<Output>] = []) { self.results = results }

    public mutating func add(_ result: AsyncResult<Output>) { results.append(result) }

    /// Takes a result out; without effect when it is not in the set.
    public mutating func discard(id: String) { results.removeAll { $0.id == id } }

    /// Waits for all, for so long at most, and returns what they returned, in their order.
    ///
    /// - Throws: As ``AsyncResult/get(timeout:)``, as soon as one of them has failed.
    public func get(timeout: Duration = .seconds(60)) async throws -> [Output] {
        var outputs: [Int: Output] = [:]
        for try await end in completed(timeout: timeout) { outputs[end.index] = try end.outcome.get() }
        return results.indices.compactMap { outputs[$0] }
    }

    /// The results in the order in which they end, each as soon as it does, failed ones too.
    ///
    /// Ends when all have, or by throwing ``CeleryError``: `.timedOut` when some have not ended within that time,
    /// `.backendUnavailable`, or `.resultIgnored` when there is one that nobody stores.
    public func completed(timeout: Duration = .seconds(60)) -> AsyncThrowingStream<Completion, any Error> {
        let results = results
        return AsyncThrowingStream { continuation in
            // Ends with the stream: cancelled when nobody listens any more.
            let task = Task {
                do {
                    try await Watch(results).run(timeout: timeout) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Whether all have ended.
    public func ready() async throws -> Bool { try await states().allSatisfy(\.isReady) }

    /// Whether all have succeeded.
    public func successful() async throws -> Bool { try await states().allSatisfy { $0 == .success } }

    /// Whether one has failed.
    public func failed() async throws -> Bool { try await states().contains(.failure) }

    /// Whether one has not ended.
    public func waiting() async throws -> Bool { try await !ready() }

    /// How many tasks have succeeded.
    public func completedCount() async throws -> Int { try await states().count { $0 == .success } }

    /// Deletes what is stored of them.
    public func forget() async throws {
        guard let first = results.first else { return }
        do {
            try await first.app.resultBackend().forget(results.flatMap(\.leaves))
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: first.id)
        }
    }

    /// Tells all workers not to start them, and with `terminate` to end those that run.
    public func revoke(terminate: Bool = false, signal: String = "SIGTERM") async throws {
        try await results.first?.app.revoke(results.flatMap(\.leaves), terminate: terminate, signal: signal)
    }

    private func states() async throws -> [TaskState] {
        guard let first = results.first else { return [] }
        var states: [TaskState] = []
        for ids in results.flatMap(\.leaves).chunks(of: 500) {
            let metas = try await first.metas(of: Array(ids))
            states += ids.map { metas[$0]?.state ?? .pending }
        }
        return states
    }
}

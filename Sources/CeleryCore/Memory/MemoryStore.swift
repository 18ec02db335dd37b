//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

/// A broker and result store in memory, for tests: deterministic, and driven by the clock it is given.
///
/// Its transport and its backend are views of the same store and share one lock, so that a settlement with results is
/// one step. Nothing survives the process; nothing is shared with another one.
public final class MemoryStore: Sendable {
    struct StoredMeta {
        var meta: TaskMeta
        var expires: Timestamp?

        func isOver(at now: Timestamp) -> Bool { expires.map { $0 <= now } ?? false }
    }

    struct StoredGroup {
        var tuple: CeleryValue
        var expires: Timestamp?

        func isOver(at now: Timestamp) -> Bool { expires.map { $0 <= now } ?? false }
    }

    struct State {
        var broker = MemoryBroker()
        var results: [String: StoredMeta] = [:]
        var groups: [String: StoredGroup] = [:]
        var chords: [String: MemoryChord] = [:]
        var revocations: [Int64: Revocation] = [:]
        var lastRevocation: Int64 = 0
    }

    let state = Mutex(State())
    /// Who listens to broadcasts.
    let listeners = Mutex<[ObjectIdentifier: MemoryListener]>([:])
    let time: any TimeSource
    let name: String
    /// Consumers that wait for messages; there is one key.
    let consumersWaiting = WaitingRoom<Int>()
    /// Callers that wait for a task's result.
    let resultsWaiting = WaitingRoom<String>()

    /// - Parameters:
    ///   - name: For people, and to tell stores apart.
    ///   - deadLetterRetention: How long dead letters are kept.
    ///   - deadLetterLimit: How many are kept at most; the oldest go first.
    ///   - time: What leases, delays and expiry go by.
    public init(
        name: String = "memory",
        time: any TimeSource = SystemTime(),
        deadLetterRetention: Duration = .seconds(7 * 86400),
        deadLetterLimit: Int = 10000
    ) {
        self.name = name
        self.time = time
        state.withLock { state in
            state.broker.deadLetters.retention = deadLetterRetention
            state.broker.deadLetters.limit = deadLetterLimit
        }
    }

    /// The store as a broker.
    public var transport: any Transport { MemoryTransport(store: self) }
    /// The store as a result backend.
    public var backend: any ResultBackend { MemoryResultBackend(store: self) }

    var location: String { "memory://\(name)" }
    var identity: StoreIdentity { StoreIdentity("memory:\(ObjectIdentifier(self))") }

    /// Changes the broker, then wakes the consumers that wait.
    func change<Value: Sendable>(
        _ body: (inout MemoryBroker, Timestamp) throws(TransportError) -> Value
    ) throws(TransportError) -> Value {
        let now = time.now
        return try lockAndWake { state throws(TransportError) in
            state.broker.tidy(now: now)
            return try body(&state.broker, now)
        }
    }

    /// Changes the state; consumers are woken only by what they should look at, lest they wake each other for ever.
    func lockAndWake<Value: Sendable>(
        _ body: (inout State) throws(TransportError) -> Value
    ) throws(TransportError) -> Value {
        let before = state.withLock { $0.broker.generation }
        defer {
            if state.withLock({ $0.broker.generation }) != before { consumersWaiting.wakeAll() }
        }
        return try state.withLock { state throws(TransportError) in try body(&state) }
    }

    /// Stores results, but for those that have to give way to what is there.
    func keep(_ results: [StoredResult], in state: inout State, now: Timestamp) {
        for result in results {
            let id = result.meta.taskID
            if let old = state.results[id], !old.isOver(at: now), result.yields(to: old.meta) { continue }
            state.results[id] = StoredMeta(meta: result.meta, expires: result.expires.map { now.advanced(by: $0) })
        }
    }

    func announce(_ results: [StoredResult]) {
        for result in results where result.meta.state.isReady { resultsWaiting.wake(result.meta.taskID) }
    }
}

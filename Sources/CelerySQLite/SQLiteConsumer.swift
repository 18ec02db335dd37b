//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
package import CeleryCore
import CeleryWire
import GRDB
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One epoch of consuming from a file.
package final class SQLiteConsumer: TransportConsumer {
    private struct State {
        var queues: [String]
        /// Which queue is asked first next time.
        var turn = 0
        var isClosed = false
    }

    private let store: SQLiteStore
    private let codec: WireCodec
    private let epoch: Int64
    private let state: Mutex<State>
    private let starts: StartJournal
    private let count = Atomic<Int64>(0)

    /// One that was dropped without being closed holds nothing for ever: others sweep it.
    deinit {
        if !state.withLock(\.isClosed) { store.keeper.abandon(epoch, isDead: true) }
    }

    private init(store: SQLiteStore, codec: WireCodec, epoch: Int64, queues: [String], starts: StartJournal) {
        self.store = store
        self.codec = codec
        self.epoch = epoch
        self.starts = starts
        state = Mutex(State(queues: queues))
    }

    /// Locks a file of its own and makes its journal, then enters the epoch under the files' name.
    static func open(
        _ store: SQLiteStore,
        _ codec: WireCodec,
        _ configuration: ConsumerConfiguration
    ) async throws(TransportError) -> SQLiteConsumer {
        let token = String(UInt64.random(in: .min ... .max), radix: 36)
        let lock = try LockFile.create(at: store.files.lock(token))
        let epoch: Int64
        let starts: StartJournal
        do {
            starts = try StartJournal(creatingAt: store.files.journal(token))
            epoch = try await store.write { try $0.open(configuration, token: token) }
        } catch {
            unlink(store.files.journal(token))
            lock.remove()
            throw error
        }
        store.keeper.own(
            epoch,
            Keeper.Owned(lease: configuration.lease, renewal: configuration.renewal, lock: lock, journal: starts)
        )
        return SQLiteConsumer(store: store, codec: codec, epoch: epoch, queues: configuration.queues, starts: starts)
    }

    package var journal: StartJournal? { starts }

    package func receive(upTo credit: Int) async throws(TransportError) -> [Delivery] {
        while !isOver {
            let generation = store.signals.generation
            let claim = claim(max(1, credit))
            let answer: ClaimAnswer
            do {
                answer = try await store.write(
                    isCancellable: true,
                    idle: { try claim.nothing(in: $0) },
                    { try claim.answer(in: $0) }
                )
            } catch  where error.cause is CancellationError {
                return []
            }
            store.signals.sawRevocations(answer.hasRevocations)
            guard answer.messages.isEmpty else { return take(answer.messages) }
            if let due = answer.nextDue { store.keeper.wakeConsumers(at: due) }
            await store.signals.consumers.wait(for: 0, time: store.options.time) { [self] in
                store.signals.generation != generation || isOver
            }
        }
        return []
    }

    package func begin(_ marks: [BeginMark]) async throws(TransportError) { try starts.begin(marks) }

    package func settle(_ settlements: [Settlement]) async throws(TransportError) {
        guard !settlements.isEmpty else { return }
        var encoded: [EncodedSettlement] = []
        encoded.reserveCapacity(settlements.count)
        for settlement in settlements {
            var results: [EncodedResult] = []
            for result in settlement.results { results.append(try EncodedResult(result, codec: codec)) }
            encoded.append(
                EncodedSettlement(
                    tag: Int64(truncatingIfNeeded: settlement.tag.rawValue),
                    publish: settlement.publish.map { EncodedMessage($0) },
                    results: results,
                    chords: settlement.chords.map { EncodedChordEnd($0) },
                    disposition: settlement.disposition
                )
            )
        }
        do {
            try await store.write { [epoch, encoded] in try $0.settle(encoded, epoch: epoch) }
        } catch {
            // Settled before: an earlier call took effect although it timed out.
            if error.code == .notHeld, settlements.count == 1 { starts.settled(settlements.map(\.tag)) }
            throw error
        }
        starts.settled(settlements.lazy.map(\.tag))
    }

    package func end(_ chords: [ChordEnd]) async throws(TransportError) {
        guard !chords.isEmpty else { return }
        let encoded = chords.map { EncodedChordEnd($0) }
        try await store.write { [encoded] in try $0.end(encoded) }
    }

    package func consume(_ queues: [String]) async throws(TransportError) {
        try await store.write { [epoch] in try $0.consume(queues, epoch: epoch) }
        state.withLock { state in
            state.queues = queues
            state.turn = 0
        }
        store.signals.wakeConsumers()
    }

    package func close() async throws(TransportError) {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        store.signals.wakeConsumers()
        do {
            let started = starts.seal()
            try await store.write { [epoch] in try $0.close(epoch: epoch, started: started) }
        } catch {
            state.withLock { $0.isClosed = false }
            throw error
        }
        store.keeper.disown(epoch)
    }

    /// Stops renewing the lease, as if the process had been stopped; or had died, which its lock shows at once.
    package func abandon(isDead: Bool) { store.keeper.abandon(epoch, isDead: isDead) }

    private var isOver: Bool { Task.isCancelled || store.isClosed || state.withLock(\.isClosed) }

    private func claim(_ credit: Int) -> Claim {
        let queues = state.withLock { state in
            Array(state.queues[state.turn...] + state.queues[..<state.turn])
        }
        return Claim(epoch: epoch, queues: queues, credit: credit, time: store.options.time) { [self] in
            HeldTag.tag(epoch: epoch, count: count.add(1, ordering: .relaxed).newValue)
        }
    }

    private func take(_ messages: [ClaimedMessage]) -> [Delivery] {
        let isClosed = state.withLock { state in
            if !state.queues.isEmpty { state.turn = (state.turn + 1) % state.queues.count }
            return state.isClosed
        }
        // Closing has given them back already.
        guard !isClosed else { return [] }
        let limits = codec.limits
        return messages.map { $0.delivery(limits) }
    }
}
#endif

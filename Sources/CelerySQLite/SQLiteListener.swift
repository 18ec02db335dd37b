//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import GRDB
import Synchronization

/// One that reads broadcasts from the file.
final class SQLiteListener: BroadcastListener {
    private static let batch = 1000
    /// So often it says that it is still there.
    private static let renewal: Duration = .seconds(10)
    /// The slow look, should no bell ring.
    private static let patience: Duration = .milliseconds(500)

    private struct State {
        var cursor: Int64
        var renewed = MonotonicTime.now
        var dropped = 0
    }

    private let store: SQLiteStore
    private let addresses: [BroadcastAddress]
    private let limits: WireLimits
    private let id = TaskID.random()
    private let state: Mutex<State>
    private let isClosed = Atomic(false)

    private init(_ store: SQLiteStore, _ addresses: [BroadcastAddress], _ limits: WireLimits, cursor: Int64) {
        self.store = store
        self.addresses = addresses
        self.limits = limits
        state = Mutex(State(cursor: cursor))
    }

    static func open(
        _ store: SQLiteStore,
        _ addresses: [BroadcastAddress],
        _ limits: WireLimits,
        timeout: Duration
    ) async throws(TransportError) -> SQLiteListener {
        let listener = SQLiteListener(store, addresses, limits, cursor: 0)
        let (id, exchanges) = (listener.id, listener.exchanges)
        let cursor = try await store.write(timeout: timeout) { transaction in
            try BroadcastRows.enlist(id, exchanges, in: transaction)
            return try BroadcastRows.last(in: transaction.database)
        }
        listener.state.withLock { $0.cursor = cursor }
        // Hears the bell of other processes.
        store.keeper.start()
        return listener
    }

    private var exchanges: Set<String> { Set(addresses.map(\.exchange.name)) }

    /// Of all that was deleted before it was read, whether meant for this listener or not: nobody can tell any more.
    var dropped: Int { state.withLock { $0.dropped } }

    /// A file that cannot be used for the moment is silent: a disk may have room again, and who locks it lets go.
    func receive(timeout: Duration) async throws(TransportError) -> [HeardBroadcast] {
        let deadline = MonotonicTime.now.advanced(by: timeout)
        while !Task.isCancelled, !isClosed.load(ordering: .acquiring) {
            let generation = store.signals.broadcastGeneration
            let heard = try await hear(by: deadline)
            let left = deadline.nanoseconds - MonotonicTime.now.nanoseconds
            guard heard.isEmpty, left > 0 else { return heard }
            let wait = min(.nanoseconds(left), Self.patience)
            await store.signals.listeners.wait(for: 0, until: Timestamp.now.advanced(by: wait), time: SystemTime()) {
                [signals = store.signals] in signals.broadcastGeneration != generation
            }
        }
        return []
    }

    private func hear(by deadline: MonotonicTime) async throws(TransportError) -> [HeardBroadcast] {
        func patience() -> Duration {
            let left = Duration.nanoseconds(deadline.nanoseconds - MonotonicTime.now.nanoseconds)
            return min(store.options.timeout, max(left, .milliseconds(100)))
        }
        do throws(TransportError) {
            try await renew(timeout: patience())
        } catch {
            guard error.isTransient else { throw error }
        }
        do throws(TransportError) {
            return try await look(timeout: patience())
        } catch {
            guard error.isTransient else { throw error }
            return []
        }
    }

    private func look(timeout: Duration) async throws(TransportError) -> [HeardBroadcast] {
        let cursor = state.withLock { $0.cursor }
        let rows = try await store.read(timeout: timeout) { try BroadcastRows.read(after: cursor, Self.batch, in: $0) }
        guard let first = rows.first, let last = rows.last else { return [] }
        state.withLock { state in
            guard state.cursor < last.number else { return }
            // Numbers are given in a row: what is missing was too old, or too many came.
            state.dropped += Int(max(0, first.number - state.cursor - 1))
            state.cursor = last.number
        }
        return rows.compactMap { [limits] row in
            let heard = HeardBroadcast { () throws(WireError) in
                try BroadcastMessage(envelope: row.bytes, limits: limits)
            }
            guard case .success(let message) = heard else { return heard }
            return addresses.contains { $0.matches(message) } ? heard : nil
        }
    }

    private func renew(timeout: Duration) async throws(TransportError) {
        let now = MonotonicTime.now
        guard state.withLock({ $0.renewed.advanced(by: Self.renewal) <= now }) else { return }
        let (id, exchanges) = (id, exchanges)
        try await store.write(timeout: timeout) { try BroadcastRows.enlist(id, exchanges, in: $0) }
        state.withLock { $0.renewed = now }
    }

    /// For tests: the next receipt says that it is still there.
    func forgetRenewal() { state.withLock { $0.renewed = MonotonicTime(nanoseconds: 0) } }

    func close() async {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        store.signals.wakeListeners()
        let id = id
        try? await store.write { try $0.database.query("DELETE FROM listener WHERE id = ?").run(id) }
    }
}
#endif

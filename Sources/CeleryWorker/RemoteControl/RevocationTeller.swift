//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Logging
import Synchronization

/// A revocation that this worker knows, and the store does not yet.
struct UntoldRevocation: Sendable {
    let ids: [String]
    let terminate: Bool
    let signal: String
    let expires: Timestamp
    /// Those of the ids that this worker has.
    let affected: Set<String>
}

/// Tells the stores what control commands have revoked, beside the commands: a store that hangs holds up none of them, nor the other
/// store.
///
/// In the order in which they came; those that wait together are told together, the broker first.
final class RevocationTeller: Sendable {
    /// Ids that may wait; a command that revokes more waits itself, and with it those behind it.
    static let limit = 10_000
    /// How long a worker that ends waits for its broker.
    private static let lastPatience: Duration = .seconds(1)

    private struct Item {
        let revocation: UntoldRevocation
        let then: @Sendable () async -> Void
    }

    private struct State {
        /// Those that the broker does not know, as far as is known.
        var waiting: [Item] = []
        /// Those that only the result store does not know.
        var kept: [Item] = []
        /// Of all of them.
        var idCount = 0

        var isEmpty: Bool { waiting.isEmpty && kept.isEmpty }
    }

    private let state = Mutex(State())
    /// Ring when there is something to tell.
    private let bell = Doorbell()
    private let keptBell = Doorbell()
    /// Rings when something has been told. Only the loop of commands waits for it.
    private let toldBell = Doorbell()

    /// - Parameter then: Called when both stores have been told, or could not be.
    func add(_ revocation: UntoldRevocation, then: @escaping @Sendable () async -> Void) async {
        await wait { $0.idCount == 0 || $0.idCount + revocation.ids.count <= Self.limit }
        state.withLock { state in
            state.waiting.append(Item(revocation: revocation, then: then))
            state.idCount += revocation.ids.count
        }
        bell.ring()
    }

    /// Waits until the stores know all.
    func finish() async { await wait { $0.isEmpty } }

    private func wait(until isSo: (State) -> Bool) async {
        while !state.withLock({ isSo($0) }), !Task.isCancelled { await toldBell.wait() }
    }

    /// Runs until cancelled.
    func run(
        broker: @escaping @Sendable ([UntoldRevocation]) async -> Void,
        results: @escaping @Sendable ([UntoldRevocation]) async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tellBroker(broker) }
            group.addTask { await self.tellResults(results) }
        }
    }

    private func tellBroker(_ tell: ([UntoldRevocation]) async -> Void) async {
        while !Task.isCancelled {
            let items = state.withLock { $0.waiting }
            guard !items.isEmpty else {
                await bell.wait()
                continue
            }
            await tell(items.map(\.revocation))
            // What came of a call that was cancelled nobody knows.
            guard !Task.isCancelled else { return }
            state.withLock { state in
                state.waiting.removeFirst(items.count)
                state.kept += items
            }
            keptBell.ring()
        }
    }

    private func tellResults(_ tell: ([UntoldRevocation]) async -> Void) async {
        while !Task.isCancelled {
            let items = state.withLock { $0.kept }
            guard !items.isEmpty else {
                await keptBell.wait()
                continue
            }
            await tell(items.map(\.revocation))
            for item in items { await item.then() }
            state.withLock { state in
                state.kept.removeFirst(items.count)
                state.idCount -= items.reduce(0) { $0 + $1.revocation.ids.count }
            }
            toldBell.ring()
        }
    }

    /// When it has ended: tells the broker what is left, within a second, since who starts next asks nobody else. Cancellation does not
    /// end it.
    func end(_ tell: @escaping @Sendable ([UntoldRevocation]) async -> Void) async {
        let left = state.withLock { $0.waiting.map(\.revocation) }
        guard !left.isEmpty else { return }
        let told = Doorbell()
        // Not children of the caller, which is cancelled by now: the second is awaited below, the first ends at the transport's own
        // time-out when that is over.
        let telling = Task {
            await tell(left)
            told.ring()
        }
        let waiting = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await told.wait() }
                group.addTask { try? await Task.sleep(for: Self.lastPatience) }
                await group.next()
                group.cancelAll()
            }
        }
        await waiting.value
        telling.cancel()
    }
}

extension ControlPanel {
    /// Tells the broker what came from clients that only broadcast, so that workers that are not there now respect it as well.
    func tellBroker(_ revocations: [UntoldRevocation]) async {
        guard let store = pipeline.transport.revocations else { return }
        do throws(TransportError) {
            // What was revoked first stays as it is.
            var known = try await store.revoked(among: revocations.flatMap(\.ids))
            var new: [Revocation] = []
            for revocation in revocations {
                for id in revocation.ids where known.insert(id).inserted {
                    new.append(
                        Revocation(
                            taskID: id,
                            terminate: revocation.terminate,
                            signal: revocation.signal,
                            expires: revocation.expires
                        )
                    )
                }
            }
            try await store.revoke(new)
        } catch {
            logger.warning("revoked tasks could not be kept in the store; this worker knows them: \(error)")
        }
    }

    /// Tells whoever waits for the results of such tasks.
    func tellResults(_ revocations: [UntoldRevocation]) async {
        var seen = revocations.reduce(into: Set<String>()) { $0.formUnion($1.affected) }
        do throws(TransportError) {
            try await storeRevoked(revocations.flatMap(\.ids).filter { seen.insert($0).inserted })
        } catch {
            logger.warning("the results of revoked tasks could not be stored: \(error)")
        }
    }

    /// REVOKED for all that still wait, so that nobody waits for them. Not of those that a worker has: their own end is stored by
    /// that worker, and may be on its way now. Source: `_revoke` of Celery 5.7.
    private func storeRevoked(_ waiting: [String]) async throws(TransportError) {
        let settings = app.settings
        guard !waiting.isEmpty else { return }
        let known = try await pipeline.backend.fetch(waiting, timeout: settings.brokerTimeout)
        let open = waiting.filter { [.pending, .received, .retry, .rejected].contains(known[$0]?.state ?? .pending) }
        guard !open.isEmpty else { return }
        let results = open.map { id in
            var meta = TaskMeta(taskID: id, state: .revoked, outcome: .exception(.revoked("revoked")))
            meta.dateDone = Timestamp.now.iso8601
            return StoredResult(meta, expires: settings.resultExpires(in: .revoked))
        }
        try await pipeline.backend.store(results, timeout: settings.brokerTimeout)
    }
}

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

/// Tells the store what control commands have revoked, beside the commands: a store that hangs holds up none of them.
///
/// In the order in which they came; those that wait together are told together.
final class RevocationTeller: Sendable {
    /// Ids that may wait; a command that revokes more waits itself, and with it those behind it.
    static let limit = 10_000

    private struct Item {
        let revocation: UntoldRevocation
        let then: @Sendable () async -> Void
    }

    private struct State {
        var waiting: [Item] = []
        /// Of those that wait and of those that are being told.
        var idCount = 0
        var isTelling = false
    }

    private let state = Mutex(State())
    /// Rings when there is something to tell.
    private let bell = Doorbell()
    /// Rings when something has been told. Only the loop of commands waits for it.
    private let toldBell = Doorbell()

    /// - Parameter then: Called when the store has been told, or could not be.
    func add(_ revocation: UntoldRevocation, then: @escaping @Sendable () async -> Void) async {
        await wait { $0.idCount == 0 || $0.idCount + revocation.ids.count <= Self.limit }
        state.withLock { state in
            state.waiting.append(Item(revocation: revocation, then: then))
            state.idCount += revocation.ids.count
        }
        bell.ring()
    }

    /// Waits until the store knows all.
    func finish() async { await wait { $0.waiting.isEmpty && !$0.isTelling } }

    private func wait(until isSo: (State) -> Bool) async {
        while !state.withLock({ isSo($0) }), !Task.isCancelled { await toldBell.wait() }
    }

    /// Runs until cancelled.
    func run(_ tell: ([UntoldRevocation]) async -> Void) async {
        while !Task.isCancelled {
            let items = state.withLock { state in
                let items = state.waiting
                state.waiting = []
                state.isTelling = !items.isEmpty
                return items
            }
            guard !items.isEmpty else {
                await bell.wait()
                continue
            }
            await tell(items.map(\.revocation))
            for item in items { await item.then() }
            state.withLock { state in
                state.idCount -= items.reduce(0) { $0 + $1.revocation.ids.count }
                state.isTelling = false
            }
            toldBell.ring()
        }
    }
}

extension ControlPanel {
    /// Tells the store what came from clients that only broadcast: workers that are not there now respect it as well, and whoever
    /// waits for such a task hears of it. Neither is needed for the revocation itself.
    func tell(_ revocations: [UntoldRevocation]) async {
        do throws(TransportError) {
            if let store = pipeline.transport.revocations {
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
            }
            var seen = revocations.reduce(into: Set<String>()) { $0.formUnion($1.affected) }
            try await storeRevoked(revocations.flatMap(\.ids).filter { seen.insert($0).inserted })
        } catch {
            logger.warning("revoked tasks could not be kept in the store; this worker knows them: \(error)")
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

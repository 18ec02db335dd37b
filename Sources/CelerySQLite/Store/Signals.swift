//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import Synchronization

/// Who waits within this process, and the bells that wake other processes.
final class Signals: Sendable {
    let results = ResultWatch()
    /// Consumers that wait for messages; there is one key.
    let consumers = WaitingRoom<Int>()
    /// Listeners that wait for broadcasts; there is one key.
    let listeners = WaitingRoom<Int>()
    let messagesBell: Bell
    let resultsBell: Bell
    let broadcastsBell: Bell
    /// What the keeper sleeps on.
    let alarm: BellWatch
    /// When a claim last saw that nothing is revoked, in nanoseconds; what it claimed then needs no second look.
    private let noRevocations = Atomic<UInt64>(0)
    private let changes = Atomic<UInt64>(0)
    private let broadcasts = Atomic<UInt64>(0)

    init(folder: String) {
        messagesBell = Bell(path: folder + "/messages.bell")
        resultsBell = Bell(path: folder + "/results.bell")
        broadcastsBell = Bell(path: folder + "/broadcasts.bell")
        alarm = BellWatch([messagesBell, resultsBell, broadcastsBell])
    }

    /// Notes what a claim saw of revocations.
    func sawRevocations(_ areThere: Bool) {
        noRevocations.store(areThere ? 0 : UInt64(MonotonicTime.now.nanoseconds), ordering: .releasing)
    }

    /// Whether nothing was revoked a moment ago: 20 ms, which is less than a revocation takes to travel.
    var areRevocationsSeenEmpty: Bool {
        let seen = noRevocations.load(ordering: .acquiring)
        return seen > 0 && UInt64(MonotonicTime.now.nanoseconds) < seen + 20_000_000
    }

    /// Goes up with everything that a waiting consumer should look at.
    var generation: UInt64 { changes.load(ordering: .acquiring) }

    /// Makes consumers of this process look again.
    func wakeConsumers() {
        changes.add(1, ordering: .acquiringAndReleasing)
        consumers.wakeAll()
    }

    /// Goes up with everything that a listener should look at.
    var broadcastGeneration: UInt64 { broadcasts.load(ordering: .acquiring) }

    func wakeListeners() {
        broadcasts.add(1, ordering: .acquiringAndReleasing)
        listeners.wakeAll()
    }

    /// Tells everybody what a transaction has changed.
    func announce(_ effects: StoreEffects) {
        if effects.messages {
            wakeConsumers()
            messagesBell.ring()
        }
        if effects.broadcasts {
            wakeListeners()
            broadcastsBell.ring()
        }
        guard !effects.results.isEmpty else { return }
        results.note(effects.results)
        resultsBell.ring()
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CCeleryPlatform
import CeleryCore
import CeleryWire
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The thread that renews the leases of this process's consumers, finds the dead ones of others, listens for bells and
/// wakes those whose time has come. It starts with the first consumer or waiter.
final class Keeper: Sendable {
    struct Owned: Sendable {
        var lease: Duration
        var renewal: Duration
        /// Held for as long as the consumer lives.
        var lock: LockFile
        var journal: StartJournal
        /// Stopped for a test: it keeps its lock, perhaps, but is not renewed.
        var isAbandoned = false
    }

    struct State {
        var owned: [Int64: Owned] = [:]
        var isRunning = false
        var isStopped = false
        var onEnd: [@Sendable () -> Void] = []
        /// When a delayed message is due for which a consumer waits, in microseconds since 1970.
        var nextDue = Int64.max
        /// Renew and look around at once.
        var isUrgent = false
    }

    let options: SQLiteOptions
    let files: StoreFiles
    let signals: Signals
    let state = Mutex(State())

    init(options: SQLiteOptions, files: StoreFiles, signals: Signals) {
        self.options = options
        self.files = files
        self.signals = signals
    }

    /// Starts the thread, unless it runs.
    func start() {
        let mustStart = state.withLock { state in
            guard !state.isRunning, !state.isStopped else { return false }
            state.isRunning = true
            return true
        }
        guard mustStart else { return }
        let thread = JobThread<Keeper>(name: "celery-keep", limit: 1) {
            { $0.forEach { KeeperRounds(keeper: $0).run() } }
        }
        if !thread.add(self) { state.withLock { $0.isRunning = false } }
        thread.stop { [self] in
            let ends = state.withLock { state in
                state.isRunning = false
                state.owned = [:]
                return state.onEnd
            }
            for end in ends { end() }
        }
    }

    func stop() async {
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                state.isStopped = true
                if state.isRunning { state.onEnd.append { continuation.resume() } }
                return state.isRunning
            }
            signals.alarm.signal()
            if !isRunning { continuation.resume() }
        }
    }

    func own(_ epoch: Int64, _ owned: Owned) {
        state.withLock { state in
            state.owned[epoch] = owned
            state.isUrgent = true
        }
        start()
        signals.alarm.signal()
    }

    /// Its files go as well: it was closed or swept.
    func disown(_ epoch: Int64) {
        // Under the lock: a renewal that finds a closed consumer's epoch gone is here at the same time, and whoever comes second
        // may say that all is done.
        state.withLock { state in
            guard let owned = state.owned.removeValue(forKey: epoch) else { return }
            _ = owned.journal.seal()
            unlink(owned.journal.path)
            owned.lock.remove()
        }
    }

    /// As if the consumer's process had been stopped, or had died, which also lets go of its lock.
    func abandon(_ epoch: Int64, isDead: Bool) {
        let dead = state.withLock { state -> Owned? in
            state.owned[epoch]?.isAbandoned = true
            return isDead ? state.owned.removeValue(forKey: epoch) : nil
        }
        _ = dead
    }

    /// Makes consumers look again when a delayed message is due.
    func wakeConsumers(at due: Int64) {
        let isEarlier = state.withLock { state in
            guard due < state.nextDue else { return false }
            state.nextDue = due
            return true
        }
        if isEarlier { signals.alarm.signal() }
    }
}
#endif

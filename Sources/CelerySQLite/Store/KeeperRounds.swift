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
import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the keeper's thread does, round after round.
///
/// Lives on that thread.
final class KeeperRounds {
    private let keeper: Keeper
    private let cache = TopologyCache()
    private let busy = BusyDeadline()
    private var database: DatabaseQueue?
    private var watch = LeaseWatch()
    private var nextRenewal = MonotonicTime(nanoseconds: 0)
    private var nextLook = MonotonicTime(nanoseconds: 0)
    private var nextTidying = MonotonicTime.now.advanced(by: .seconds(60))
    private var lastVersion: Int64 = 0
    private var lastResult: Int64?

    init(keeper: Keeper) { self.keeper = keeper }

    private var options: SQLiteOptions { keeper.options }
    private var signals: Signals { keeper.signals }

    func run() {
        while !keeper.state.withLock(\.isStopped) {
            let rung = signals.alarm.wait(milliseconds: pause())
            let now = MonotonicTime.now
            if keeper.state.withLock({ takeUrgency(&$0) }) { (nextRenewal, nextLook) = (now, now) }
            // A failure here is everybody's: the next round tries again, and the callers' own calls report it.
            do {
                if rung.bells[0] { signals.wakeConsumers() }
                if rung.bells[2] { signals.wakeListeners() }
                if rung.bells[1] { try noticeResults() }
                wakeWhoIsDue(now)
                if now >= nextRenewal { try renew() }
                if now >= nextLook { try lookAround() }
                if now >= nextTidying { try tidy() }
            } catch {
                watch.failedToWrite()
                options.logger.debug("the keeper of the store failed", metadata: ["error": "\(error)"])
                nextRenewal = min(nextRenewal, MonotonicTime.now.advanced(by: .milliseconds(200)))
            }
        }
        try? database?.close()
    }

    private func takeUrgency(_ state: inout Keeper.State) -> Bool {
        defer { state.isUrgent = false }
        return state.isUrgent
    }

    /// How long there is nothing to do, in milliseconds.
    private func pause() -> Int32 {
        let due = keeper.state.withLock(\.nextDue)
        let now = MonotonicTime.now
        let next = min(nextRenewal, nextLook, nextTidying, signals.results.nextDeadline)
        var wait = Double(max(0, next.nanoseconds - now.nanoseconds)) / 1e6
        if due != .max { wait = min(wait, Double(max(0, due - options.time.now.microseconds)) / 1e3) }
        return Int32(min(1000, wait.rounded(.up)))
    }

    private func wakeWhoIsDue(_ now: MonotonicTime) {
        signals.results.wakeLate(at: now)
        let isDue = keeper.state.withLock { state in
            guard state.nextDue <= options.time.now.microseconds else { return false }
            state.nextDue = .max
            return true
        }
        if isDue { signals.wakeConsumers() }
    }

    // MARK: - Leases

    private var own: [Int64: Keeper.Owned] { keeper.state.withLock { $0.owned.filter { !$0.value.isAbandoned } } }

    private func connection() throws -> DatabaseQueue {
        if let database { return database }
        busy.set(MonotonicTime.now.advanced(by: .seconds(1)))
        let opened = try Connection.open(options, label: "celery.keeper", busy: busy)
        database = opened
        return opened
    }

    /// Writes in a transaction of its own, and tells about it.
    private func write(_ body: (StoreTransaction) throws -> Void) throws {
        let patience = own.values.map { $0.lease / 2 }.min() ?? .seconds(1)
        busy.set(MonotonicTime.now.advanced(by: patience))
        var effects = StoreEffects()
        try connection()
            .inTransaction(.immediate) { database in
                let transaction = try StoreTransaction(database, cache: cache, options: options)
                do {
                    try body(transaction)
                } catch {
                    cache.clear()
                    throw error
                }
                effects = transaction.effects
                return .commit
            }
        signals.announce(effects)
    }

    private func renew() throws {
        let own = own
        let now = MonotonicTime.now
        nextRenewal = now.advanced(by: own.values.map(\.renewal).min() ?? .seconds(3))
        guard !own.isEmpty else { return }
        var lost: [Int64] = []
        try write { transaction in
            lost = []
            let update = try transaction.database.query("UPDATE epoch SET beat = beat + 1, seen = ? WHERE id = ?")
            for epoch in own.keys {
                try update.run(transaction.now, epoch)
                if transaction.database.changes == 0 { lost.append(epoch) }
            }
        }
        watch.wrote(within: own.values.map(\.lease).min() ?? .zero)
        guard !lost.isEmpty else { return }
        for epoch in lost { keeper.disown(epoch) }
        signals.wakeConsumers()
    }

    /// Looks for changes that no bell told of, and for consumers that are dead.
    func lookAround() throws {
        let own = own
        let pause = min(.seconds(1), own.values.map(\.renewal).min() ?? .seconds(1))
        nextLook = MonotonicTime.now.advanced(by: pause)
        busy.set(nextLook)
        var version: Int64 = 0
        var epochs: [LeaseWatch.Sighting] = []
        try connection()
            .writeWithoutTransaction { database in
                version = try database.query("PRAGMA data_version").int() ?? 0
                guard !own.isEmpty else { return }
                try database.query("SELECT id, token, beat, lease FROM epoch")
                    .rows { row in
                        epochs.append(
                            LeaseWatch.Sighting(
                                epoch: row.int(0),
                                token: row.text(1),
                                beat: row.int(2),
                                lease: .microseconds(row.int(3))
                            )
                        )
                    }
            }
        if version != lastVersion {
            lastVersion = version
            if !signals.consumers.isEmpty { signals.wakeConsumers() }
            try noticeResults()
        }
        try bury(epochs.filter { own[$0.epoch] == nil })
    }

    /// Sweeps those whose process is gone, and those that were silent for a lease during which we could write.
    private func bury(_ others: [LeaseWatch.Sighting]) throws {
        let silent = watch.observe(others)
        for other in others {
            let lock = LockFile.takeOver(at: keeper.files.lock(other.token))
            guard lock != nil || silent.contains(other.epoch) else { continue }
            // What fails for one is tried again in the next round, and is no reason to leave the others.
            do {
                try sweep(other, isDead: lock != nil)
                lock?.remove()
            } catch {
                watch.failedToWrite()
                options.logger.warning(
                    "cannot give back yet what a lost consumer held",
                    metadata: ["celery.epoch": "\(other.epoch)", "error": "\(error)"]
                )
            }
        }
    }

    /// Seals the journal and gives back what is held, in a transaction: a stopped process that has just renewed its lease is
    /// left alone, and from the seal on nothing starts under it.
    private func sweep(_ other: LeaseWatch.Sighting, isDead: Bool) throws {
        let journal = keeper.files.journal(other.token)
        var isSwept = false
        try write { transaction in
            isSwept = false
            let beat = try transaction.database.query("SELECT beat FROM epoch WHERE id = ?").int(other.epoch)
            guard isDead || beat == other.beat else { return }
            isSwept = try transaction.sweep(epoch: other.epoch, started: try seal(journal))
        }
        guard isSwept else { return }
        unlink(journal)
        // Should it be one of this process's own, it learns of it now.
        signals.wakeConsumers()
        options.logger.notice(
            "gave back what a lost consumer held",
            metadata: ["celery.epoch": "\(other.epoch)", "cause": isDead ? "process ended" : "lease ran out"]
        )
    }

    /// A journal that is missing or damaged for good knows of nothing that runs.
    private func seal(_ path: String) throws(TransportError) -> [DeliveryTag: AcknowledgementMode] {
        do throws(TransportError) {
            return try StartJournal.seal(at: path)
        } catch {
            guard error.code == .notFound || error.code == .misconfigured else { throw error }
            options.logger.warning("a start journal cannot be read", metadata: ["error": "\(error)"])
            return [:]
        }
    }

    // MARK: - Results and tidying

    /// Finds what was stored since the last look, for those who wait.
    private func noticeResults() throws {
        guard !signals.results.isEmpty else {
            lastResult = nil
            return
        }
        var ids: [String] = []
        let last = lastResult
        try connection()
            .writeWithoutTransaction { database in
                let newest = try database.query("SELECT max(number) FROM result").int() ?? 0
                if let last {
                    try database.query("SELECT task_id FROM result WHERE number > ? AND state > 0")
                        .rows(last) {
                            ids.append($0.text(0))
                        }
                } else {
                    ids = signals.results.ids
                }
                lastResult = newest
            }
        signals.results.note(ids)
    }

    private func tidy() throws {
        nextTidying = MonotonicTime.now.advanced(by: .seconds(60))
        guard !own.isEmpty else { return }
        try write { transaction in
            _ = try transaction.removeExpired(limit: 5000)
            try transaction.forgetDeadLetters()
            try transaction.forgetRevocations()
            try transaction.forgetPresences()
            try transaction.forgetTransientQueues()
        }
        try removeOrphans()
    }

    /// Deletes the files of consumers that are in no table: their processes died between two steps of opening or ending.
    func removeOrphans() throws {
        var known: Set<String> = []
        try connection()
            .writeWithoutTransaction { database in
                try database.query("SELECT token FROM epoch").rows { known.insert($0.text(0)) }
            }
        // A consumer is locked before it is entered in the table, and until after it was deleted there.
        for token in keeper.files.tokens.subtracting(known) {
            let lock = LockFile.takeOver(at: keeper.files.lock(token))
            guard lock != nil || !keeper.files.hasLock(token) else { continue }
            unlink(keeper.files.journal(token))
            lock?.remove()
        }
    }
}
#endif

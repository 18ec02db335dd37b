//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import GRDB

/// Does all writing of one process: whatever has gathered while the last transaction ran shares the next one.
///
/// Lives on the writer's thread.
final class GroupCommitter {
    private let database: DatabaseQueue
    private let busy: BusyDeadline
    private let options: SQLiteOptions
    private let cache = TopologyCache()
    private let announce: @Sendable (StoreEffects) -> Void

    init(
        _ database: DatabaseQueue,
        busy: BusyDeadline,
        options: SQLiteOptions,
        announce: @escaping @Sendable (StoreEffects) -> Void
    ) {
        (self.database, self.busy, self.options, self.announce) = (database, busy, options, announce)
    }

    /// Opens its connection, and makes or brings up to date what is in the file.
    static func open(_ options: SQLiteOptions, busy: BusyDeadline) throws -> DatabaseQueue {
        busy.set(MonotonicTime.now.advanced(by: options.timeout))
        let database = try Connection.open(options, label: "celery.writer", busy: busy)
        try database.writeWithoutTransaction { try Schema.prepare($0, path: options.path) }
        return database
    }

    /// Does the jobs, together if it can be, and answers each.
    func run(_ jobs: [any WriteJob]) {
        var pending = jobs
        while true {
            pending = withoutLateOnes(pending)
            guard !pending.isEmpty else { return }
            busy.set(pending.map(\.deadline).min() ?? .never)
            do {
                try attempt(&pending)
                return
            } catch is Undone {
                continue
            } catch  where StoreFailure.isBusy(error) {
                continue
            } catch {
                cache.clear()
                guard pending.count > 1 else {
                    return pending[0].fail(StoreFailure.describe(error, path: options.path))
                }
                // Somebody's job cannot be done; alone, each harms only itself.
                for job in pending { run([job]) }
                return
            }
        }
    }

    /// The rest of the jobs must be done again, without the one that failed.
    private struct Undone: Error {}

    private func withoutLateOnes(_ jobs: [any WriteJob]) -> [any WriteJob] {
        let now = MonotonicTime.now
        return jobs.filter { job in
            if job.isCancelled {
                job.fail(
                    TransportError(.closed, "the call was cancelled before it took effect", cause: CancellationError())
                )
            } else if job.deadline <= now {
                job.fail(
                    TransportError(
                        .timedOut,
                        "\(options.path) could not be written in time (another process holds its lock, or the disk is "
                            + "slow); nothing was changed"
                    )
                )
            } else {
                return true
            }
            return false
        }
    }

    private func attempt(_ jobs: inout [any WriteJob]) throws {
        var refused: [(any WriteJob, TransportError)] = []
        var remaining = jobs
        var effects = StoreEffects()
        defer { jobs = remaining }
        try database.writeWithoutTransaction { database in
            guard try remaining.contains(where: { try $0.isWorthwhile(database) }) else { return }
            try database.inTransaction(.immediate) {
                let transaction = try StoreTransaction(database, cache: cache, options: options)
                for (index, job) in remaining.enumerated() {
                    let before = database.allChanges
                    do {
                        try job.perform(transaction)
                    } catch let error as TransportError {
                        refused.append((job, error))
                        guard database.allChanges == before else {
                            cache.clear()
                            remaining.remove(at: index)
                            job.fail(error)
                            throw Undone()
                        }
                    }
                }
                effects = transaction.effects
                return .commit
            }
        }
        announce(effects)
        for (job, error) in refused { job.fail(error) }
        for job in remaining { job.finish() }
        remaining = []
    }
}
#endif

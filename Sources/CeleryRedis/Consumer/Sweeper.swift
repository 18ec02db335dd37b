//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore

/// Ends epochs whose workers are gone, and what dead Python workers hold, one after the other.
///
/// Used on one event loop.
final class Sweeper {
    private let store: RedisStore
    /// Since when each epoch was found without a lease.
    private var silent: [String: NIODeadline] = [:]
    private var isSweeping = false
    private var isRestoring = false
    private var isTidying = false
    /// Since when nobody has used each queue, as far as this worker has seen.
    private var unused: [String: NIODeadline] = [:]

    init(_ store: RedisStore) { self.store = store }

    /// Sweeps epochs that have no lease. One whose journal lies on another machine is left to the workers there for a while,
    /// which know what has started.
    ///
    /// - Returns: When that while is over; nil when there is none.
    func sweep(_ found: [(id: String, record: EpochRecord?)], loop: any EventLoop) -> NIODeadline? {
        let (known, now) = (silent, NIODeadline.now())
        silent = Dictionary(found.map { ($0.id, known[$0.id] ?? now) }, uniquingKeysWith: { first, _ in first })
        let dues = found.map { id, record in
            guard let record, let journal = record.journal, !JournalPlace.isHere(journal) else { return (id, now) }
            return (id, (silent[id] ?? now) + .milliseconds(Int64(record.lease * 4 / 10)))
        }
        run(dues.filter { $1 <= now }.map(\.0), loop)
        return dues.map(\.1).filter { $0 > now }.min()
    }

    private func run(_ ids: [String], _ loop: any EventLoop) {
        guard !ids.isEmpty, !isSweeping else { return }
        isSweeping = true
        let sweep = Sweep(store: store, eventLoop: loop)
        let sweeper = NIOLoopBound(self, eventLoop: loop)
        // Unstructured: it belongs to the consumer as a whole, and each of its steps has a deadline.
        Task {
            for id in ids { await sweep.run(id) }
            loop.execute { sweeper.value.isSweeping = false }
        }
    }

    /// Forgets workers and queues that have long gone.
    func tidy(loop: any EventLoop) {
        guard !isTidying else { return }
        isTidying = true
        let (tidying, known) = (Tidying(store: store), unused)
        let sweeper = NIOLoopBound(self, eventLoop: loop)
        // Unstructured, as a sweep is.
        Task {
            let left = await tidying.run(known)
            loop.execute {
                sweeper.value.unused = left
                sweeper.value.isTidying = false
            }
        }
    }

    /// Looks for what Python workers have held for longer than the visibility timeout.
    func restore(loop: any EventLoop) {
        guard !isRestoring else { return }
        isRestoring = true
        let restore = KombuRestore(store: store)
        let sweeper = NIOLoopBound(self, eventLoop: loop)
        // Unstructured, as a sweep is.
        Task {
            await restore.run()
            loop.execute { sweeper.value.isRestoring = false }
        }
    }
}
#endif

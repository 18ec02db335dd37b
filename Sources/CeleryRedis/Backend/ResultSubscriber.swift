//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import NIOCore
import Synchronization

/// The door to a ``ResultFeed`` for tasks that wait.
final class ResultSubscriber: Sendable {
    private let feed: NIOLoopBoundBox<ResultFeed>
    private let numbers = Atomic<UInt64>(0)

    /// Connects when somebody waits.
    init(_ configuration: RedisConfiguration, prefix: String, codec: WireCodec, logger: Logger) {
        var configuration = configuration
        configuration.clientName += "-results"
        let loop = RedisLoops.next()
        feed = .makeBoxSendingValue(
            ResultFeed(configuration, prefix: prefix, codec: codec, loop, logger: logger),
            eventLoop: loop
        )
    }

    /// The bytes of a ready state, or of what cannot be read; nil at the deadline.
    ///
    /// It fails with `.unavailable` when the server did not answer until then; with `.closed` and a `CancellationError` when
    /// cancelled, without one after ``shutdown()``; with `.misconfigured` at once.
    func wait(for id: String, until deadline: NIODeadline) async -> ResultWaits.Answer {
        let number = numbers.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                feed.eventLoop.execute {
                    self.feed.value.wait(number, for: id, until: deadline) {
                        continuation.resume(returning: $0)
                    }
                }
                // The handler may have run before there was anything to cancel.
                if Task.isCancelled { cancel(number, for: id) }
            }
        } onCancel: {
            cancel(number, for: id)
        }
    }

    /// Waits for many; what comes of each goes to the harvest. In pieces, so that others get their turn of the loop.
    func wait(for ids: [String], until deadline: NIODeadline, _ harvest: ResultHarvest) {
        let last = numbers.wrappingAdd(UInt64(ids.count), ordering: .relaxed).newValue
        var number = last - UInt64(ids.count)
        for chunk in ids.chunks(of: 1000) {
            let first = number + 1
            number += UInt64(chunk.count)
            feed.eventLoop.execute {
                let feed = self.feed.value
                for (number, id) in zip(first..., chunk) where harvest.expects(id, number) {
                    feed.wait(number, for: id, until: deadline) { harvest.add(id, $0) }
                }
            }
        }
    }

    /// Whoever waits for these does not any more.
    func cancel(_ waits: [(id: String, number: UInt64)]) {
        for chunk in waits.chunks(of: 1000) {
            feed.eventLoop.execute {
                for wait in chunk { self.feed.value.cancel(wait.number, for: wait.id) }
            }
        }
    }

    deinit { shutdown() }

    func shutdown() {
        let feed = feed
        feed.eventLoop.execute { feed.value.end() }
    }

    private func cancel(_ number: UInt64, for id: String) {
        feed.eventLoop.execute { self.feed.value.cancel(number, for: id) }
    }
}
#endif

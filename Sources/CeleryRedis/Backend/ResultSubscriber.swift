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

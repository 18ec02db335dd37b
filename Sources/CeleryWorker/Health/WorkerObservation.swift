//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore

/// A worker in numbers, for metrics.
package struct WorkerObservation: Sendable {
    package var hostname: String
    package var pool: String
    /// What this worker does; nil while it is not running.
    package var work: Work?
    package var isBrokerUp: Bool
    /// How often it was back after it could not be used.
    package var recoveries: Int
    /// How late the watch loop is now or was lately, at most.
    package var loopLag: Duration
    /// Task events that were not sent; nil before it runs.
    package var droppedEvents: Int?
    /// Whether the broker knows how old messages are, as far as their senders tell.
    package var timesMessages: Bool
    /// How full the queues are; nil when that is not known now.
    package var queues: [QueueStatus]?

    /// Tasks and deliveries.
    package struct Work: Sendable {
        package var slots: Int
        package var busy: Int
        package var prefetch: Int
        package var held: Int
        package var leases: Int
        package var lostLeases: Int
        /// Of the task that has run longest; zero when none runs.
        package var longest: Duration

        init(_ sight: WorkSight) {
            (slots, busy, prefetch, held) = (sight.slots, sight.busy, sight.prefetch, sight.held)
            (leases, lostLeases, longest) = (sight.epochs, sight.lostEpochs, sight.longest ?? .zero)
        }
    }
}

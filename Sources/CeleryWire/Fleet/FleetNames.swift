//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Names of exchanges and queues that workers and their watchers share.
public enum FleetNames {
    /// What ends the name of the exchange of control commands, a fanout, and of its queues.
    public static let pidbox = "pidbox"

    /// The exchange of control commands for a value of `control_exchange` (default `celery`).
    public static func controlExchange(_ setting: String) -> String { "\(setting).\(pidbox)" }

    /// The direct exchange of the replies to them.
    public static func replyExchange(_ setting: String) -> String { "reply.\(setting).\(pidbox)" }

    /// Where worker task events go in batches; the body is then a list.
    public static let taskBatch = "task.multi"

    /// The routing key of an event's type: `task-sent` → `task.sent`.
    public static func routingKey(ofEvent type: String) -> String { type.replacing("-", with: ".") }
}

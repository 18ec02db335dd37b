//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// How many replicas must have a message before its publication counts, and for how long to wait for them.
///
/// Options `wait_for_replicas` (0: none) and `wait_for_replicas_timeout` (seconds, 1 by default); Celery knows neither.
struct ReplicaWait: Sendable, Equatable {
    var count: Int
    var timeout: Duration

    /// - Returns: Nil when no replicas are to be waited for.
    /// - Throws: `.misconfigured` for what is no number of replicas.
    init?(_ context: PluginContext) throws(TransportError) {
        timeout = try RedisConfiguration.seconds("wait_for_replicas_timeout", context) ?? .seconds(1)
        switch context.options["wait_for_replicas"] {
        case nil, .null?, .int(0)?: return nil
        case .int(let number)? where number > 0: count = number
        case let value?:
            throw TransportError(
                .misconfigured,
                "wait_for_replicas in the transport options is \(value): it must be a number of replicas, 0 or more"
            )
        }
    }

    /// Asks for them after what was written; ends before the caller's own time does.
    func append(to commands: inout RedisCommands, timeout limit: Duration) {
        commands.add("WAIT", count, max(1, Int(min(timeout, limit * 0.8) / .milliseconds(1))))
    }

    /// - Throws: `.timedOut` when fewer have it. It lies in the master, and is lost if that fails before they have.
    func check(_ reply: RESPValue?, at location: String) throws(TransportError) {
        let confirmed = Int(reply?.int ?? 0)
        guard confirmed < count else { return }
        throw TransportError(
            .timedOut,
            "\(location) has the message, but after \(timeout) only \(confirmed) of \(count) replicas had confirmed it: "
                + "a failover may lose it"
        )
    }
}
#endif

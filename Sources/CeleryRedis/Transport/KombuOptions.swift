//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// In which order queues of the same urgency are served (`queue_order_strategy`).
enum QueueOrder: String, Sendable, CaseIterable {
    /// Each is the first in turn.
    case roundRobin = "round_robin"
    /// As they are given to the worker: the next is served while nothing waits in those before it.
    case priority
    /// The same, in the order of their names.
    case sorted

    func arranged(_ queues: [String]) -> [String] { self == .sorted ? queues.sorted() : queues }
}

/// How the channels of fanout exchanges are named (`fanout_prefix`, `fanout_patterns`).
struct FanoutChannels: Sendable, Hashable {
    /// In front of the exchange's name; `{db}` stands for the database's number.
    var prefix = "/{db}."
    /// Whether a routing key makes a channel of its own.
    var hasKeys = true

    /// - Parameter database: Its number.
    func name(_ exchange: String, _ routingKey: String, database: Int) -> String {
        let base = prefix.replacing("{db}", with: "\(database)") + exchange
        return routingKey.isEmpty || !hasKeys ? base : "\(base)/\(routingKey)"
    }
}

/// Those of the transport options that only kombu's Redis transport has: read as it reads them, or told of as without effect.
///
/// Source: kombu/transport/redis.py, `Channel.from_transport_options`. What Python takes for false, `null` too, is false here.
struct KombuOptions {
    private let options: CeleryObject

    init(_ context: PluginContext) { options = context.options }

    /// - Throws: `.misconfigured` for what is no prefix, and for a field that is not `{db}`.
    func channels() throws(TransportError) -> FanoutChannels {
        var channels = FanoutChannels()
        switch options["fanout_prefix"] {
        case nil, .bool(true)?: break
        case .bool(false)?, .null?: channels.prefix = ""
        case .string(let text)?:
            let rest = text.replacing("{db}", with: "")
            guard !rest.contains("{"), !rest.contains("}") else {
                throw wrong("fanout_prefix", "a text whose only field is {db}, the database's number")
            }
            channels.prefix = text
        default: throw wrong("fanout_prefix", "true (which is \"/{db}.\"), false, or a text like that")
        }
        switch options["fanout_patterns"] {
        case nil, .bool(true)?: break
        case .bool(false)?, .null?: channels.hasKeys = false
        default: throw wrong("fanout_patterns", "true or false")
        }
        return channels
    }

    /// The name of a key of kombu's.
    ///
    /// - Throws: `.misconfigured` for what is no name.
    func key(_ name: String) throws(TransportError) -> String? {
        switch options[name] {
        case nil, .null?: return nil
        case .string(let text)? where !text.isEmpty: return text
        default: throw wrong(name, "the name of a key, as Python's workers have it")
        }
    }

    /// - Throws: `.misconfigured` for what is no order.
    func queueOrder() throws(TransportError) -> QueueOrder {
        switch options["queue_order_strategy"] {
        case nil, .null?: return .roundRobin
        case .string(let text)?:
            if let order = QueueOrder(rawValue: text) { return order }
            throw wrong(
                "queue_order_strategy",
                "round_robin, priority or sorted; a class of Python's cannot be used here"
            )
        default: throw wrong("queue_order_strategy", "round_robin, priority or sorted")
        }
    }

    private func wrong(_ name: String, _ expected: String) -> TransportError {
        let value = PythonRepr.describe(options[name] ?? .null)
        return TransportError(.misconfigured, "\(name) in the transport options is \(value): it must be \(expected)")
    }

    // MARK: - Without effect

    /// One line for each option that means nothing here: its name, its value and why, or what to do instead.
    var warnings: [String] {
        options.members.filter { !Self.known.contains($0.key) && !$0.key.hasPrefix("ssl_") && $0.value != .null }
            .map { name, value in
                let reason = Self.reasons[name] ?? "it is not known here; leave it out, or correct its name"
                // What is not known may be a secret.
                let shown = Self.reasons[name] == nil ? name : "\(name) = \(PythonRepr.describe(value))"
                return "\(shown) in the transport options has no effect on Redis: \(reason)"
            }
    }

    /// What is read, here and elsewhere; what concerns results may stand in both kinds of options.
    private static let known: Set = [
        "global_keyprefix", "sep", "priority_steps", "visibility_timeout", "socket_timeout", "socket_connect_timeout",
        "health_check_interval", "client_name", "master_name", "sentinel_kwargs", "username", "password", "ssl",
        "wait_for_replicas", "wait_for_replicas_timeout", "result_chord_ordered", "chord_claim_timeout",
        "fanout_prefix", "fanout_patterns", "unacked_key", "unacked_index_key", "queue_order_strategy",
    ]

    private static let noLock =
        "no lock is taken; each message is given back by one script, which sees whether another worker was faster"
    private static let ownPace =
        "workers look after what dead Python workers held at each fourth renewal of their lease"
    private static let retries =
        "see broker_connection_retry, broker_connection_max_retries and task_publish_retry_policy"

    private static let reasons = [
        "unacked_mutex_key": noLock, "unacked_mutex_expire": noLock,
        "unacked_restore_limit": ownPace, "unacked_restore_interval": ownPace, "unacked_restore_throttle": ownPace,
        "brpop_timeout": "the server tells of new messages", "polling_interval": "the server tells of new messages",
        "max_connections": "a program has one connection for commands, and each worker and each who listens one more",
        "socket_keepalive": "it is always on", "socket_keepalive_options": "the system's own are in force",
        "retry_on_timeout": "what was not sent is sent again as long as its caller's time lasts",
        "max_retries": retries, "interval_start": retries, "interval_step": retries, "interval_max": retries,
        "credential_provider": "put user and password into broker_url, or into username and password",
        "connection_class": "the URL's scheme says how to connect",
        "sentinel_fanout_compat": "channels are named as by kombu 5.4 and later",
    ]
}
#endif

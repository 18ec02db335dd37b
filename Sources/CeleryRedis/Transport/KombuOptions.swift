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

/// Those of the transport options that only kombu's Redis transport has: read as it reads them, or told of by ``UnusedOptions``.
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

    /// - Throws: `.misconfigured` for what is no text: without the prefix that was meant the fleet would be divided.
    func text(_ name: String, isEmpty: Bool = true) throws(TransportError) -> String? {
        switch options[name] {
        case nil, .null?: return nil
        case .string(let text)? where isEmpty || !text.isEmpty: return text
        default: throw wrong(name, "a text, as Python's workers have it")
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
}
#endif

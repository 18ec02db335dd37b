//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
public import CeleryWire

/// Decides where a message goes, from settings and the caller's options alone.
///
/// Source: `celery/app/routes.py` (`Router.route`) and `send_task_message` of `celery/app/amqp.py`.
public struct Router: Sendable {
    /// Shared, for a router is handed out at each sending.
    private final class Known: Sendable {
        let settings: CelerySettings
        let configured: [String: Queue]

        init(_ settings: CelerySettings) {
            self.settings = settings
            configured = Dictionary(
                settings.configuredQueues.map { ($0.name, $0) },
                uniquingKeysWith: { _, last in last }
            )
        }
    }

    private let known: Known

    public init(_ settings: CelerySettings) { known = Known(settings) }

    /// Where one message goes: what the caller says, then what the routes say, then the default queue.
    ///
    /// - Throws: ``RoutingError`` for a queue that is not configured, when those are not to be created.
    public func route(
        _ name: String,
        args: [EncodedValue] = [],
        kwargs: [TaskBody.Keyword] = [],
        options: TaskRoute = TaskRoute()
    ) throws(RoutingError) -> RoutedDestination {
        var merged = options
        if let route = known.settings.taskRoutes.route(name, args: args, kwargs: kwargs, options: options) {
            merged = options.filling(from: route)
        }
        let queue = try queue(named: merged.queue ?? known.settings.taskDefaultQueue, for: name)
        return RoutedDestination(queue: queue, route: merged, settings: known.settings)
    }

    /// The queue of that name: as configured, or made up.
    public func queue(named name: String, for task: String? = nil) throws(RoutingError) -> Queue {
        if let queue = known.configured[name] { return queue }
        guard known.settings.taskCreateMissingQueues else {
            throw RoutingError(queueNotFound: name, for: task, known: known.configured.keys.sorted())
        }
        return Queue(name, exchange: Exchange(name, known.settings.taskCreateMissingQueueExchangeType ?? .direct))
    }

    /// What a worker consumes from: the configured queues, or those of `-Q`, without those of `-X`.
    ///
    /// - Throws: ``RoutingError`` for one of `-Q` that is not configured, when those are not to be created.
    public func queues(only: [String]? = nil, excluding: [String] = []) throws(RoutingError) -> [Queue] {
        var selected: [Queue] = []
        if let only {
            for name in only where !selected.contains(where: { $0.name == name }) {
                selected.append(try queue(named: name))
            }
        } else {
            selected = known.settings.configuredQueues
        }
        return selected.filter { !excluding.contains($0.name) }
    }
}

extension CelerySettings {
    /// `task_queues`, or the default queue when that is empty.
    public var configuredQueues: [Queue] {
        guard taskQueues.isEmpty else { return taskQueues }
        let exchange = Exchange(taskDefaultExchange ?? taskDefaultQueue, taskDefaultExchangeType)
        return [Queue(taskDefaultQueue, exchange: exchange, routingKey: taskDefaultRoutingKey)]
    }
}

/// Where one message goes.
public struct RoutedDestination: Sendable, Hashable {
    /// Declared before publishing.
    public var queue: Queue
    /// Empty for the anonymous exchange.
    public var exchange: String
    public var exchangeKind: Exchange.Kind
    /// On the anonymous exchange the queue's name.
    public var routingKey: String
    public var priority: Int?
    /// 1 transient, 2 persistent.
    public var deliveryMode: Int
    /// Everything else that routes and caller say: serializer, compression, limits.
    public var options: TaskRoute

    init(queue: Queue, route: TaskRoute, settings: borrowing CelerySettings) {
        self.queue = queue
        exchangeKind = route.exchangeKind ?? queue.exchange.kind
        let isComplete = route.exchange?.isEmpty == false && route.routingKey?.isEmpty == false
        if exchangeKind == .direct, !isComplete {
            exchange = ""
            routingKey = queue.name
        } else if let named = route.exchange {
            exchange = named
            routingKey = route.routingKey ?? ""
        } else {
            exchange = queue.exchange.name
            routingKey = route.routingKey ?? queue.routingKey
        }
        priority = route.priority
        deliveryMode = route.deliveryMode ?? settings.taskDefaultDeliveryMode
        options = route
    }
}

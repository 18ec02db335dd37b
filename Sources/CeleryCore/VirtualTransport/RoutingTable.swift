//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

/// The exchanges and bindings of a store, and where they send a message.
///
/// For stores that only put and take: exchanges, as AMQP means them, are decided here, once.
package struct RoutingTable: Sendable {
    private(set) package var exchanges: [String: Exchange.Kind] = [:]
    /// All bindings but those to the anonymous exchange, in order of declaration.
    private(set) package var bindings: [Binding] = []
    private var direct: [String: [String: [String]]] = [:]
    private var patterns: [String: [(pattern: TopicPattern, queue: String)]] = [:]

    package init() {}

    /// The bindings that declaring a queue asks for; none to the anonymous exchange, where every queue is bound anyway.
    package static func bindings(of queue: Queue) -> [Binding] {
        let own = Binding(
            exchange: queue.exchange.name,
            kind: queue.exchange.kind,
            routingKey: queue.routingKey,
            queue: queue.name
        )
        return ([own] + queue.bindings).filter { !$0.exchange.isEmpty }
    }

    /// Adds a binding and its exchange.
    ///
    /// - Returns: Whether it was new.
    /// - Throws: `.misconfigured` when the exchange exists with another kind.
    @discardableResult
    package mutating func add(_ binding: Binding) throws(TransportError) -> Bool {
        if let kind = exchanges[binding.exchange], kind != binding.kind {
            throw TransportError(
                .misconfigured,
                "exchange \"\(binding.exchange)\" is \(kind.rawValue) and cannot be declared as "
                    + "\(binding.kind.rawValue); use its kind, or another name"
            )
        }
        exchanges[binding.exchange] = binding.kind
        guard !bindings.contains(binding) else { return false }
        bindings.append(binding)
        switch binding.kind {
        case .direct: direct[binding.exchange, default: [:]][binding.routingKey, default: []].append(binding.queue)
        case .fanout: patterns[binding.exchange, default: []].append((TopicPattern("#"), binding.queue))
        default: patterns[binding.exchange, default: []].append((TopicPattern(binding.routingKey), binding.queue))
        }
        return true
    }

    /// Adds an exchange that has no bindings yet.
    package mutating func know(_ exchange: String, _ kind: Exchange.Kind) { exchanges[exchange] = kind }

    /// Takes away all bindings of some queues.
    package mutating func remove(queues: Set<String>) {
        let kept = bindings.filter { !queues.contains($0.queue) }
        let known = exchanges
        self = RoutingTable()
        for binding in kept { _ = try? add(binding) }
        exchanges = known
    }

    /// The queues that a message goes to, each once.
    ///
    /// A message of no task (an event, a command) that no queue wants is dropped, as is anything on a fanout exchange.
    /// - Throws: `.notFound` for an unknown exchange, and for a task that no queue would get.
    package func queues(for message: Message) throws(TransportError) -> [String] {
        let exchange = message.properties.exchange
        let key = message.properties.routingKey
        guard !exchange.isEmpty else {
            guard !key.isEmpty else {
                throw TransportError(
                    .notFound,
                    "a message on the anonymous exchange names no queue: set its routing key"
                )
            }
            return [key]
        }
        guard let kind = exchanges[exchange] else {
            throw TransportError(
                .notFound,
                "no exchange \"\(exchange)\" is declared; there are: \(exchanges.keys.sorted().joined(separator: ", "))"
            )
        }
        let queues = lookup(exchange, kind, key)
        if queues.isEmpty, kind != .fanout, !message.headers.task.isEmpty {
            throw TransportError(
                .notFound,
                "no queue is bound to exchange \"\(exchange)\" with a key that matches \"\(key)\"; declare one, "
                    + "or name the queue on the anonymous exchange"
            )
        }
        return queues
    }

    private func lookup(_ exchange: String, _ kind: Exchange.Kind, _ key: String) -> [String] {
        if kind == .direct { return unique(direct[exchange]?[key] ?? []) }
        return unique((patterns[exchange] ?? []).filter { $0.pattern.matches(key) }.map(\.queue))
    }

    private func unique(_ queues: [String]) -> [String] {
        guard queues.count > 1 else { return queues }
        var seen: Set<String> = []
        return queues.filter { seen.insert($0).inserted }
    }
}

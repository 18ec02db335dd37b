//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Passes on what nobody stores: events, control commands, and the replies to them. At most once, to whoever listens now.
public protocol BroadcastChannel: Sendable {
    /// Sends to all who listen on the messages' exchanges; nobody listening is no error.
    ///
    /// - Parameters:
    ///   - messages: Sent in this order.
    ///   - kind: How the exchanges choose among listeners.
    ///   - timeout: Until which the call may take effect.
    func send(
        _ messages: [BroadcastMessage],
        kind: Exchange.Kind,
        timeout: Duration
    ) async throws(TransportError)

    /// Listens from when it returns, over reconnections too; what is sent while the broker is away is not heard.
    ///
    /// - Throws: `.unsupported` for addresses of a direct exchange together with others.
    func listen(to addresses: [BroadcastAddress], timeout: Duration) async throws(TransportError)
        -> any BroadcastListener
}

/// What a listener wants to hear.
public struct BroadcastAddress: Sendable, Hashable {
    public var exchange: Exchange
    /// Binding key: a pattern on a topic exchange, nothing on a fanout.
    public var routingKey: String
    /// The queue that brokers with queues put it into; of this listener alone.
    public var queue: String

    public init(_ exchange: Exchange, routingKey: String = "", queue: String) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.queue = queue
    }

    /// Whether a message is for it.
    public func matches(_ message: BroadcastMessage) -> Bool {
        guard message.exchange == exchange.name else { return false }
        return switch exchange.kind {
        case .fanout: true
        case .direct: message.routingKey == routingKey
        default: TopicPattern(routingKey).matches(message.routingKey)
        }
    }
}

/// What was heard: a message, or what is wrong with bytes that are none.
public typealias HeardBroadcast = Result<BroadcastMessage, WireError>

/// One stay at a broadcast channel.
public protocol BroadcastListener: Sendable {
    /// How many messages were lost because they were not taken in time: at most 10,000 wait.
    var dropped: Int { get }

    /// Waits until there is something, for so long at most, then takes all there is; empty when time is up, it was closed, or
    /// cancelled.
    ///
    /// - Throws: `.misconfigured`, `.closed` and such when waiting longer is of no use.
    func receive(timeout: Duration) async throws(TransportError) -> [HeardBroadcast]

    func close() async
}

extension Transport {
    public var broadcasts: (any BroadcastChannel)? { nil }
}

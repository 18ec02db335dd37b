//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A command to workers, as it is broadcast.
///
/// **Shape:** body `{"method", "arguments", "destination", "pattern", "matcher"}`, and `ticket` and `reply_to` when a reply is
/// wanted; headers `clock` and, in unix seconds, `expires`.
public struct ControlRequest: Sendable, Equatable {
    /// Where replies go.
    public struct ReplyAddress: Sendable, Equatable {
        public var exchange: String
        public var routingKey: String

        public init(exchange: String, routingKey: String) {
            self.exchange = exchange
            self.routingKey = routingKey
        }
    }

    /// The command's name.
    public var method: String
    public var arguments: CeleryObject
    /// Node names; nil or empty for all workers.
    public var destination: [String]?
    /// What node names have to match when there is no destination.
    public var pattern: String?
    /// `glob` or `pcre`. A pattern without a matcher matches everybody.
    public var matcher: String?
    /// Repeated in replies.
    public var ticket: String?
    public var replyTo: ReplyAddress?

    public init(
        _ method: String,
        arguments: CeleryObject = [:],
        destination: [String]? = nil,
        pattern: String? = nil,
        matcher: String? = nil,
        ticket: String? = nil,
        replyTo: ReplyAddress? = nil
    ) {
        self.method = method
        self.arguments = arguments
        self.destination = destination
        self.pattern = pattern
        self.matcher = matcher
        self.ticket = ticket
        self.replyTo = replyTo
    }

    /// Reads a body.
    ///
    /// - Throws: ``WireError`` `.malformed` that names what is wrong with it.
    public init(_ value: CeleryValue) throws(WireError) {
        guard case .object(let object) = value else { throw WireError(.malformed, "a control command is an object") }
        guard let method = object["method"]?.text else {
            throw WireError(.malformed, "a control command without a method")
        }
        self.method = method
        switch object["arguments"] ?? .null {
        case .object(let object): arguments = object
        case .null: arguments = [:]
        default: throw WireError(.malformed, "the arguments of control command \(method) are no object")
        }
        destination = try Self.destination(object["destination"] ?? .null, method)
        pattern = object["pattern"]?.text
        matcher = object["matcher"]?.text
        ticket = object["ticket"]?.text
        guard case .object(let address)? = object["reply_to"] else { return }
        guard let exchange = address["exchange"]?.text, let key = address["routing_key"]?.text else {
            throw WireError(.malformed, "reply_to of control command \(method) has no exchange and routing key")
        }
        replyTo = ReplyAddress(exchange: exchange, routingKey: key)
    }

    private static func destination(_ value: CeleryValue, _ method: String) throws(WireError) -> [String]? {
        switch value {
        case .null: return nil
        case .string(let name): return [name]
        case .array(let elements):
            let names = elements.compactMap(\.text)
            if names.count == elements.count { return names }
        default: break
        }
        throw WireError(.malformed, "the destination of control command \(method) is no list of node names")
    }

    /// The body.
    public var value: CeleryValue {
        var object: CeleryObject = ["method": .string(method), "arguments": .object(arguments)]
        object["destination"] = destination.map { .array($0.map { .string($0) }) } ?? .null
        object["pattern"] = pattern.map { .string($0) } ?? .null
        object["matcher"] = matcher.map { .string($0) } ?? .null
        if let ticket { object["ticket"] = .string(ticket) }
        if let replyTo {
            object["reply_to"] = [
                "exchange": .string(replyTo.exchange), "routing_key": .string(replyTo.routingKey),
            ]
        }
        return .object(object)
    }
}

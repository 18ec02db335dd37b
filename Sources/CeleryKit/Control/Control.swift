//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
public import CeleryWire

/// Which workers a command is for, and how long to wait for them.
public struct ControlOptions: Sendable {
    /// Node names; nil for all workers.
    public var destination: [String]?
    /// What node names have to match; used when there is no destination.
    public var pattern: Pattern?
    /// How long replies are waited for. Default 1 s, as in Celery.
    public var timeout: Duration
    /// So many replies are enough; default the number of destinations, and without those as many as come in time.
    public var limit: Int?

    /// A pattern of node names.
    public struct Pattern: Sendable, Hashable {
        let text: String
        let matcher: String

        /// `*`, `?`, `[a-c]`, `[!a]`.
        public static func glob(_ text: String) -> Pattern { Pattern(text: text, matcher: "glob") }
        /// A regular expression that matches the beginning.
        public static func regex(_ text: String) -> Pattern { Pattern(text: text, matcher: "pcre") }
    }

    public init(
        destination: [String]? = nil,
        pattern: Pattern? = nil,
        timeout: Duration = .seconds(1),
        limit: Int? = nil
    ) {
        self.destination = destination
        self.pattern = pattern
        self.timeout = timeout
        self.limit = limit
    }
}

/// What one worker answered.
public struct ControlReply: Sendable, Equatable {
    /// Node name.
    public var hostname: String
    public var value: CeleryValue

    public init(hostname: String, value: CeleryValue) {
        self.hostname = hostname
        self.value = value
    }

    /// Why the worker did not do it; nil when it did.
    public var error: String? {
        guard case .object(let object) = value else { return nil }
        return object["error"]?.text
    }

    /// What the worker said it did.
    public var ok: String? {
        guard case .object(let object) = value else { return nil }
        return object["ok"]?.text
    }
}

/// Steers workers of either language over the broker: `app.control.poolGrow(2)`.
///
/// Workers that do not answer in time are missing in what is returned; a reply that comes later is dropped. All of it throws
/// ``CeleryError`` `.brokerUnavailable`, also when the broker passes on no broadcasts.
public struct Control: Sendable {
    let app: CeleryApp
    public var options: ControlOptions

    /// Sends a command and gathers the replies, in the order in which they come. Two with one node name are two workers of one
    /// name, which is warned about.
    ///
    /// - Parameters:
    ///   - command: Its name, one of Celery's or of the app's own.
    ///   - arguments: By name.
    ///   - onReply: Told of each reply at once.
    public func request(
        _ command: String,
        _ arguments: CeleryObject = [:],
        onReply: (@Sendable (ControlReply) -> Void)? = nil
    ) async throws -> [ControlReply] {
        try await ControlExchange(app: app).request(command, arguments, options, onReply: onReply)
    }

    /// Sends a command that nobody has to answer.
    public func broadcast(_ command: String, _ arguments: CeleryObject = [:]) async throws {
        try await ControlExchange(app: app).broadcast(command, arguments, options)
    }
}

extension CeleryApp {
    /// Steers all workers.
    public var control: Control { control() }

    /// Steers some workers, or waits otherwise for their answers.
    public func control(_ options: ControlOptions = ControlOptions()) -> Control {
        Control(app: self, options: options)
    }

    /// Asks all workers.
    public var inspect: Inspect { inspect() }

    /// Asks some workers, or waits otherwise for their answers.
    public func inspect(_ options: ControlOptions = ControlOptions()) -> Inspect {
        Inspect(control: Control(app: self, options: options))
    }

    /// How events and commands travel.
    ///
    /// - Throws: ``TransportError`` `.unsupported` when the broker cannot.
    package func broadcastChannel() async throws -> any BroadcastChannel {
        let transport = try await transport()
        if let channel = transport.broadcasts { return channel }
        throw TransportError(.unsupported, "\(transport.location) passes on no events and no remote control")
    }
}

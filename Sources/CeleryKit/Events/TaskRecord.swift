//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// What is known of a task from its events.
public struct TaskRecord: Sendable, Equatable {
    public let id: String
    public internal(set) var name: String?
    public internal(set) var state: TaskState = .pending
    /// Node name of the worker that has it.
    public internal(set) var worker: String?
    /// Who sent it.
    public internal(set) var client: String?
    public internal(set) var sent: Timestamp?
    public internal(set) var received: Timestamp?
    public internal(set) var started: Timestamp?
    public internal(set) var succeeded: Timestamp?
    public internal(set) var failed: Timestamp?
    public internal(set) var retried: Timestamp?
    public internal(set) var revoked: Timestamp?
    public internal(set) var rejected: Timestamp?
    /// Of the event that made the state.
    public internal(set) var timestamp = Timestamp(microseconds: 0)
    public internal(set) var clock = 0
    /// In Python's notation.
    public internal(set) var args: String?
    public internal(set) var kwargs: String?
    public internal(set) var result: String?
    public internal(set) var exception: String?
    public internal(set) var traceback: String?
    /// Seconds.
    public internal(set) var runtime: Double?
    public internal(set) var retries: Int?
    public internal(set) var eta: String?
    public internal(set) var expires: String?
    public internal(set) var exchange: String?
    public internal(set) var routingKey: String?
    public internal(set) var rootID: String?
    public internal(set) var parentID: String?
    /// What else events of the app's own have told, such as `percent` of `task-progress`; 64 names at most.
    public internal(set) var fields: CeleryObject = [:]
    /// Of the last event about it, among all.
    var step: UInt64 = 0

    init(id: String) { self.id = id }

    /// What an event says of the state, and how late in a task's life that state is: an event of an earlier one, when it comes
    /// after, adds to what is known and changes no state.
    private static let stages: [String: (state: TaskState, rank: Int)] = [
        "task-sent": (.pending, 0), "task-rejected": (.rejected, 2), "task-received": (.received, 3),
        "task-started": (.started, 4), "task-revoked": (.revoked, 5), "task-failed": (.failure, 7),
        "task-succeeded": (.success, 8), "task-retried": (.retry, 1),
    ]
    /// Of all other types, whose second part is the state: `task-progress` is PROGRESS, `task-cancelled` CANCELLED.
    private static let otherRank = 6
    private static let fieldLimit = 64

    private static let ranks = Dictionary(
        stages.values.map { ($0.state, $0.rank) },
        uniquingKeysWith: { first, _ in first }
    )

    /// Nil where the type names no state.
    private static func stage(of type: String) -> (state: TaskState, rank: Int)? {
        if let known = stages[type] { return known }
        let name = type.dropFirst("task-".count).uppercased()
        return name.isEmpty ? nil : (TaskState(rawValue: name), otherRank)
    }

    private static func rank(of state: TaskState) -> Int { ranks[state] ?? otherRank }

    mutating func apply(_ event: CeleryEvent) {
        clock = max(clock, event.clock)
        if event.type == "task-sent" { client = event.hostname } else { worker = event.hostname }
        note(event)
        guard let stage = Self.stage(of: event.type) else { return }
        let isOwn = Self.stages[event.type] == nil
        // A retry begins the task's life anew.
        let isLate =
            stage.state != .retry && state != .retry && stage.rank < Self.rank(of: state)
        if !isLate { (state, timestamp) = (stage.state, event.timestamp) }
        guard !isLate || isOwn || stage.state == .received || stage.state == .pending else { return }
        describe(event)
        if isOwn { keepOthers(event) }
        guard !isLate || isOwn else { return }
        result = event.fields["result"]?.text ?? result
        exception = event.fields["exception"]?.text ?? exception
        traceback = event.fields["traceback"]?.text ?? traceback
        runtime = event.fields["runtime"]?.number ?? runtime
    }

    private mutating func describe(_ event: CeleryEvent) {
        let fields = event.fields
        name = fields["name"]?.text ?? name
        args = fields["args"]?.text ?? args
        kwargs = fields["kwargs"]?.text ?? kwargs
        retries = fields["retries"]?.whole ?? retries
        eta = fields["eta"]?.text ?? eta
        expires = fields["expires"]?.text ?? expires
        rootID = fields["root_id"]?.text ?? rootID
        parentID = fields["parent_id"]?.text ?? parentID
        exchange = fields["exchange"]?.text ?? exchange
        routingKey = fields["routing_key"]?.text ?? routingKey
    }

    private mutating func keepOthers(_ event: CeleryEvent) {
        for (name, value) in event.fields.members where !Self.named.contains(name) {
            guard fields.count < Self.fieldLimit || fields[name] != nil else { continue }
            fields[name] = value
        }
    }

    /// Fields that have a place of their own.
    private static let named: Set<String> = [
        "uuid", "name", "args", "kwargs", "retries", "eta", "expires", "root_id", "parent_id", "exchange",
        "routing_key",
        "result", "exception", "traceback", "runtime",
    ]

    private mutating func note(_ event: CeleryEvent) {
        switch event.type {
        case "task-sent": sent = event.timestamp
        case "task-received": received = event.timestamp
        case "task-started": started = event.timestamp
        case "task-succeeded": succeeded = event.timestamp
        case "task-failed": failed = event.timestamp
        case "task-retried": retried = event.timestamp
        case "task-revoked": revoked = event.timestamp
        case "task-rejected": rejected = event.timestamp
        default: break
        }
    }
}

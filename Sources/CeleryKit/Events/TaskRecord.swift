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
    /// Of the last event about it, among all.
    var step: UInt64 = 0

    init(id: String) { self.id = id }

    /// What an event says of the state, and how late in a task's life that state is: an event of an earlier one, when it comes
    /// after, adds to what is known and changes no state.
    private static let stages: [String: (state: TaskState, rank: Int)] = [
        "task-sent": (.pending, 0), "task-rejected": (.rejected, 2), "task-received": (.received, 3),
        "task-started": (.started, 4), "task-revoked": (.revoked, 5), "task-failed": (.failure, 6),
        "task-succeeded": (.success, 7), "task-retried": (.retry, 1),
    ]

    private static let ranks = Dictionary(
        stages.values.map { ($0.state, $0.rank) },
        uniquingKeysWith: { first, _ in first }
    )

    mutating func apply(_ event: CeleryEvent) {
        clock = max(clock, event.clock)
        if event.type == "task-sent" { client = event.hostname } else { worker = event.hostname }
        note(event)
        guard let stage = Self.stages[event.type] else { return }
        // A retry begins the task's life anew.
        let isLate =
            stage.state != .retry && state != .retry && stage.rank < Self.ranks[state] ?? 0
        guard !isLate else {
            if stage.state == .received || stage.state == .pending { describe(event) }
            return
        }
        state = stage.state
        timestamp = event.timestamp
        describe(event)
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

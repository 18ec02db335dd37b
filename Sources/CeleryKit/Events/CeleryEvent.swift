//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Something that happened in the fleet: to a task, to a worker, or whatever an app tells.
public struct CeleryEvent: Sendable, Equatable {
    /// `task-succeeded`, `worker-heartbeat`, `my-event`.
    public var type: String
    /// Who told: a worker's node name, or `gen<pid>@<host>`.
    public var hostname: String
    public var pid: Int?
    /// Logical time.
    public var clock: Int
    /// When it happened, by its teller's clock.
    public var timestamp: Timestamp
    /// Of the teller's time zone, in hours, positive to the west.
    public var utcOffset: Double
    /// When it was heard here.
    public var localReceived: Timestamp
    /// Everything else, in order.
    public var fields: CeleryObject

    public init(
        _ type: String,
        hostname: String,
        pid: Int? = nil,
        clock: Int = 0,
        timestamp: Timestamp = .now,
        utcOffset: Double = 0,
        localReceived: Timestamp = .now,
        fields: CeleryObject = [:]
    ) {
        self.type = type
        self.hostname = hostname
        self.pid = pid
        self.clock = clock
        self.timestamp = timestamp
        self.utcOffset = utcOffset
        self.localReceived = localReceived
        self.fields = fields
    }

    /// `task`, `worker`, or the first word of another type.
    public var group: String { String(type.prefix { $0 != "-" }) }

    /// The task's id, of task events.
    public var uuid: String? { fields["uuid"]?.text }

    /// All events in a message's body, which may be a list of them; what is no event is left out.
    static func all(in body: CeleryValue, received: Timestamp) -> [CeleryEvent] {
        if case .array(let values) = body { return values.compactMap { CeleryEvent($0, received: received) } }
        return CeleryEvent(body, received: received).map { [$0] } ?? []
    }

    /// Python's receivers shift the timestamp by the difference of time zones; it counts seconds since 1970, so it is right as it is.
    init?(_ value: CeleryValue, received: Timestamp) {
        guard case .object(var object) = value, let type = object["type"]?.text else { return nil }
        self.type = type
        hostname = object["hostname"]?.text ?? ""
        pid = object["pid"]?.whole
        clock = object["clock"]?.whole ?? 0
        timestamp = object["timestamp"]?.number.map { Timestamp(unixSeconds: $0) } ?? received
        utcOffset = object["utcoffset"]?.number ?? 0
        localReceived = received
        for name in ["type", "hostname", "pid", "clock", "timestamp", "utcoffset"] { object[name] = nil }
        fields = object
    }

    /// The event as an object, Python's names and order.
    public var value: CeleryValue {
        var object: CeleryObject = ["hostname": .string(hostname), "utcoffset": .double(utcOffset)]
        object["pid"] = pid.map { .int($0) } ?? .null
        object["clock"] = .int(clock)
        for (name, value) in fields.members { object[name] = value }
        object["timestamp"] = .double(timestamp.unixSeconds)
        object["type"] = .string(type)
        return .object(object)
    }
}

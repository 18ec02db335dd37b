//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Something that happened to a task, on its way to those who watch.
public struct TaskEvent: Sendable {
    /// What happened.
    public enum Kind: Sendable {
        case received
        case started
        /// The result in Python's notation, and how many seconds it took.
        case succeeded(result: String, runtime: Double)
        /// The exception in Python's notation.
        case failed(exception: String, traceback: String?)
        case retried(exception: String, traceback: String?)
        case rejected(requeue: Bool)
        case revoked(terminated: Bool, signal: Int?, expired: Bool)
        /// It was ended because its worker stops, and given back.
        case cancelled
    }

    public var kind: Kind
    public var message: Message
    /// Logical time.
    public var clock: Int
    public var time: Timestamp

    public init(_ kind: Kind, _ message: Message, clock: Int, time: Timestamp) {
        self.kind = kind
        self.message = message
        self.clock = clock
        self.time = time
    }
}

/// Writes events as Celery does: who it was and when first, then the fields, then time and type.
///
/// Task events are written straight to JSON: a busy worker has several for each task.
public struct EventWriter: Sendable {
    /// `{"hostname": …, "utcoffset": …, "pid": …, "clock": `.
    private let head: [UInt8]

    /// - Parameters:
    ///   - hostname: The node that tells.
    ///   - pid: Of its process.
    ///   - utcOffset: Of the local time zone in hours, positive to the west.
    public init(hostname: String, pid: Int, utcOffset: Double) {
        var writer = JSONWriter(capacity: 128)
        writer.raw("{\"hostname\": ")
        writer.string(hostname)
        writer.raw(", \"utcoffset\": ")
        writer.double(utcOffset)
        writer.raw(", \"pid\": ")
        writer.int(pid)
        writer.raw(", \"clock\": ")
        head = writer.bytes
    }

    /// An event of a task as a JSON object.
    public func object(_ event: TaskEvent) -> [UInt8] {
        var writer = JSONWriter(capacity: 320)
        write(event, to: &writer)
        return writer.bytes
    }

    /// Written events as a JSON list.
    public static func list(_ objects: some Collection<[UInt8]>) -> [UInt8] {
        var writer = JSONWriter(capacity: objects.reduce(2) { $0 + $1.count + 2 })
        writer.raw("[")
        var isFirst = true
        for object in objects {
            if !isFirst { writer.raw(", ") }
            isFirst = false
            writer.bytes += object
        }
        writer.raw("]")
        return writer.bytes
    }

    /// One event of any type as a JSON object.
    public func object(_ type: String, _ fields: CeleryObject, clock: Int, time: Timestamp) -> [UInt8] {
        var writer = JSONWriter(capacity: 320)
        begin(clock, &writer)
        for (name, value) in fields.members {
            writer.key(name, first: false)
            writer.value(value)
        }
        writer.raw(", \"timestamp\": ")
        writer.double(time.unixSeconds)
        writer.raw(", \"type\": ")
        writer.string(type)
        writer.raw("}")
        return writer.bytes
    }

    private func begin(_ clock: Int, _ writer: inout JSONWriter) {
        writer.bytes += head
        writer.int(clock)
    }

    private func write(_ event: TaskEvent, to writer: inout JSONWriter) {
        begin(event.clock, &writer)
        writer.raw(", \"uuid\": ")
        writer.string(event.message.headers.id)
        let type: StaticString
        switch event.kind {
        case .received:
            received(event.message.headers, &writer)
            type = "task-received"
        case .started: type = "task-started"
        case .succeeded(let result, let runtime):
            writer.raw(", \"result\": ")
            writer.string(result)
            writer.raw(", \"runtime\": ")
            writer.double(runtime)
            type = "task-succeeded"
        case .failed(let exception, let traceback):
            exceptional(exception, traceback, &writer)
            type = "task-failed"
        case .retried(let exception, let traceback):
            exceptional(exception, traceback, &writer)
            type = "task-retried"
        case .rejected(let requeue):
            writer.raw(", \"requeue\": ")
            writer.bool(requeue)
            type = "task-rejected"
        case .revoked(let terminated, let signal, let expired):
            writer.raw(", \"terminated\": ")
            writer.bool(terminated)
            writer.raw(", \"signum\": ")
            if let signal { writer.int(signal) } else { writer.null() }
            writer.raw(", \"expired\": ")
            writer.bool(expired)
            type = "task-revoked"
        case .cancelled: type = "task-cancelled"
        }
        writer.raw(", \"timestamp\": ")
        writer.double(event.time.unixSeconds)
        writer.raw(", \"type\": \"")
        writer.raw(type)
        writer.raw("\"}")
    }

    private func received(_ headers: TaskHeaders, _ writer: inout JSONWriter) {
        writer.raw(", \"name\": ")
        writer.string(headers.task)
        writer.raw(", \"args\": ")
        writer.string(headers.argsRepr ?? "")
        writer.raw(", \"kwargs\": ")
        writer.string(headers.kwargsRepr ?? "")
        writer.raw(", \"root_id\": ")
        writer.string(headers.rootID)
        writer.raw(", \"parent_id\": ")
        writer.string(headers.parentID)
        writer.raw(", \"retries\": ")
        writer.int(headers.retries)
        writer.raw(", \"eta\": ")
        writer.string(headers.eta)
        writer.raw(", \"expires\": ")
        writer.string(headers.expires)
    }

    private func exceptional(_ exception: String, _ traceback: String?, _ writer: inout JSONWriter) {
        writer.raw(", \"exception\": ")
        writer.string(exception)
        writer.raw(", \"traceback\": ")
        writer.string(traceback)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// A task that a worker has, as `inspect active`, `reserved` and `scheduled` show it.
public struct TaskInfo: Sendable, Equatable {
    public var id: String
    public var name: String
    /// The arguments; a string in Python's notation where they were asked for in that form.
    public var args: CeleryValue
    public var kwargs: CeleryValue
    /// Node name of the worker.
    public var hostname: String
    /// When it began; nil before.
    public var timeStart: Timestamp?
    public var isAcknowledged: Bool
    public var exchange: String
    public var routingKey: String
    public var priority: Int?
    public var isRedelivered: Bool
    /// The process that runs it.
    public var workerPID: Int?

    public init(
        id: String,
        name: String,
        args: CeleryValue,
        kwargs: CeleryValue,
        hostname: String,
        timeStart: Timestamp? = nil,
        isAcknowledged: Bool = false,
        exchange: String = "",
        routingKey: String = "",
        priority: Int? = nil,
        isRedelivered: Bool = false,
        workerPID: Int? = nil
    ) {
        self.id = id
        self.name = name
        self.args = args
        self.kwargs = kwargs
        self.hostname = hostname
        self.timeStart = timeStart
        self.isAcknowledged = isAcknowledged
        self.exchange = exchange
        self.routingKey = routingKey
        self.priority = priority
        self.isRedelivered = isRedelivered
        self.workerPID = workerPID
    }

    /// Reads what a worker of either language says; nil of what is no task.
    public init?(_ value: CeleryValue) {
        guard case .object(let object) = value, let id = object["id"]?.text else { return nil }
        self.id = id
        name = object["name"]?.text ?? object["type"]?.text ?? ""
        args = object["args"] ?? .null
        kwargs = object["kwargs"] ?? .null
        hostname = object["hostname"]?.text ?? ""
        timeStart = object["time_start"]?.number.map { Timestamp(unixSeconds: $0) }
        isAcknowledged = object["acknowledged"] == .bool(true)
        var info = CeleryObject()
        if case .object(let object)? = object["delivery_info"] { info = object }
        exchange = info["exchange"]?.text ?? ""
        routingKey = info["routing_key"]?.text ?? ""
        priority = info["priority"]?.whole
        isRedelivered = info["redelivered"] == .bool(true)
        workerPID = object["worker_pid"]?.whole
    }

    /// As workers answer.
    public var value: CeleryValue {
        var info: CeleryObject = ["exchange": .string(exchange), "routing_key": .string(routingKey)]
        info["priority"] = priority.map { .int($0) } ?? .null
        info["redelivered"] = .bool(isRedelivered)
        var object: CeleryObject = ["id": .string(id), "name": .string(name), "args": args, "kwargs": kwargs]
        object["type"] = .string(name)
        object["hostname"] = .string(hostname)
        object["time_start"] = timeStart.map { .double($0.unixSeconds) } ?? .null
        object["acknowledged"] = .bool(isAcknowledged)
        object["delivery_info"] = .object(info)
        object["worker_pid"] = workerPID.map { .int($0) } ?? .null
        return .object(object)
    }
}

/// A task that waits for its time.
public struct ScheduledTask: Sendable, Equatable {
    /// ISO 8601, as the worker wrote it.
    public var eta: String?
    public var task: TaskInfo

    public init(eta: String?, task: TaskInfo) {
        self.eta = eta
        self.task = task
    }

    init?(_ value: CeleryValue) {
        guard case .object(let object) = value, let request = object["request"], let task = TaskInfo(request) else {
            return nil
        }
        self.task = task
        eta = object["eta"]?.text
    }

    /// As workers answer; 6 is the priority of Celery's own timer.
    public var value: CeleryValue {
        var object = CeleryObject()
        object["eta"] = eta.map { .string($0) } ?? .null
        object["priority"] = 6
        object["request"] = task.value
        return .object(object)
    }
}

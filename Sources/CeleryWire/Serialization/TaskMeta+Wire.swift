//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension TaskMeta {
    /// Writes the stored result with Celery's keys in Celery's order.
    func write(to writer: inout JSONWriter) throws(WireError) {
        writer.raw("{\"status\": ")
        writer.string(state.rawValue)
        writer.raw(", \"result\": ")
        switch outcome {
        case .value(let value): try writer.encoded(value)
        case .exception(let exception): writer.object(exception.object)
        }
        writer.raw(", \"traceback\": ")
        writer.string(traceback)
        writer.raw(", \"children\": ")
        writer.array(children)
        writer.raw(", \"date_done\": ")
        writer.string(dateDone)
        for (name, value) in laterMembers.members {
            writer.key(name, first: false)
            writer.value(value)
        }
        writer.raw("}")
    }

    /// The stored result in dynamic form.
    func value(limits: WireLimits) throws(WireError) -> CeleryValue {
        var object: CeleryObject = ["status": .string(state.rawValue)]
        switch outcome {
        case .value(let value): object["result"] = try value.value(limits: limits)
        case .exception(let exception): object["result"] = .object(exception.object)
        }
        object["traceback"] = .text(traceback)
        object["children"] = .array(children)
        object["date_done"] = .text(dateDone)
        for (name, value) in laterMembers.members { object[name] = value }
        return .object(object)
    }

    /// What comes after `date_done`.
    private var laterMembers: CeleryObject {
        var object = CeleryObject()
        if let groupID { object["group_id"] = .string(groupID) }
        if let parentID { object["parent_id"] = .string(parentID) }
        if let extended {
            object["name"] = .text(extended.name)
            object["args"] = extended.arguments ?? .null
            object["kwargs"] = extended.keywords ?? .null
            object["worker"] = .text(extended.worker)
            object["retries"] = extended.retries.map { .int($0) } ?? .null
            object["queue"] = .text(extended.queue)
        }
        for (name, value) in custom.members { object[name] = value }
        object["task_id"] = .string(taskID)
        return object
    }

    /// Reads a stored result from JSON; the value under `result` stays encoded unless it is an exception.
    static func decode(json bytes: [UInt8], limits: WireLimits) throws(WireError) -> TaskMeta {
        try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            guard try reader.peek() == UInt8(ascii: "{") else { throw reader.malformed("a result is not an object") }
            var result = EncodedValue.null
            var others = CeleryObject.Builder()
            try reader.openObject()
            var first = true
            while let key = try reader.nextKey(&first) {
                if reader.equals(key, "result") {
                    result = try reader.readEncoded(bytes[...])
                } else {
                    let name = reader.string(key)
                    others.set(name, try reader.readValue())
                }
            }
            try reader.end()
            return try TaskMeta(members: others.object, result: result, limits: limits)
        }
    }

    /// Reads a stored result in dynamic form.
    init(_ value: CeleryValue, limits: WireLimits) throws(WireError) {
        guard case .object(var object) = value else { throw WireError(.malformed, "a result is \(value.kind)") }
        let result = object["result"] ?? .null
        object["result"] = nil
        try self.init(members: object, result: EncodedValue(result), limits: limits)
    }

    private init(members: CeleryObject, result: EncodedValue, limits: WireLimits) throws(WireError) {
        var members = members
        func take(_ name: String) throws(WireError) -> String? {
            let value = members[name]
            members[name] = nil
            return try value?.textOrNull(name)
        }
        guard let status = try take("status") else { throw WireError(.missingValue, "a result has no status") }
        self.init(taskID: try take("task_id") ?? "", state: TaskState(rawValue: status))
        traceback = try take("traceback")
        dateDone = try take("date_done")
        groupID = try take("group_id")
        parentID = try take("parent_id")
        if case .array(let elements)? = members["children"] { children = elements }
        members["children"] = nil
        extended = try Extended(taking: &members)
        custom = members
        outcome = .value(result)
        if state.isException, let exception = try ExceptionInfo(result, limits: limits) {
            outcome = .exception(exception)
        }
    }
}

extension TaskMeta.Extended {
    /// Nil when none of its keys is there.
    init?(taking members: inout CeleryObject) throws(WireError) {
        let keys = ["name", "args", "kwargs", "worker", "retries", "queue"]
        guard keys.contains(where: { members[$0] != nil }) else { return nil }
        self.init(
            name: try members["name"]?.textOrNull("name"),
            arguments: members["args"].flatMap { $0 == .null ? nil : $0 },
            keywords: members["kwargs"].flatMap { $0 == .null ? nil : $0 },
            worker: try members["worker"]?.textOrNull("worker"),
            queue: try members["queue"]?.textOrNull("queue")
        )
        if case .int(let count)? = members["retries"] { retries = count }
        for key in keys { members[key] = nil }
    }
}

extension ExceptionInfo {
    /// Nil when the value is no exception object; one without `exc_type` is a plain value.
    init?(_ value: EncodedValue, limits: WireLimits) throws(WireError) {
        guard case .object(let object) = try value.value(limits: limits) else { return nil }
        self.init(object)
    }

    /// Nil without `exc_type`. A plain `exc_message` is the only argument.
    public init?(_ object: CeleryObject) {
        guard case .string(let type)? = object["exc_type"] else { return nil }
        self.init(type: type)
        switch object["exc_message"] {
        case .array(let elements)?: arguments = elements
        case nil, .null?: break
        case let value?: arguments = [value]
        }
        if case .string(let name)? = object["exc_module"] { module = name }
    }

    /// `{"exc_type", "exc_message", "exc_module"}`.
    public var object: CeleryObject {
        ["exc_type": .string(type), "exc_message": .array(arguments), "exc_module": .text(module)]
    }
}

extension CeleryValue {
    /// A string or null.
    static func text(_ value: String?) -> CeleryValue { value.map { .string($0) } ?? .null }

    /// The text of a string or a date; nil for null.
    func textOrNull(_ name: String) throws(WireError) -> String? {
        switch self {
        case .null: nil
        case .string(let text), .datetime(let text), .date(let text), .uuid(let text): text
        case .int(let value): String(value)
        default: throw WireError(.malformed, "\(name) of a result is \(kind), not a string")
        }
    }
}

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

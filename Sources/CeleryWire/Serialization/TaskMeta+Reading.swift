//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension TaskMeta {
    /// The keys that have a property, in the order in which Celery writes them.
    private static let names: [StaticString] = [
        "status", "result", "traceback", "children", "date_done", "group_id", "parent_id", "task_id",
    ]

    /// Reads a stored result from JSON; the value under `result` stays encoded unless it is an exception.
    static func decode(json bytes: [UInt8], limits: WireLimits) throws(WireError) -> TaskMeta {
        try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            var meta = TaskMeta(taskID: "", state: "")
            try meta.read(from: &reader, source: bytes[...], limits: limits)
            return meta
        }
    }

    /// Reads into an empty one.
    private mutating func read(
        from reader: inout JSONReader,
        source: ArraySlice<UInt8>,
        limits: WireLimits
    ) throws(WireError) {
        guard try reader.peek() == UInt8(ascii: "{") else { throw reader.malformed("a result is not an object") }
        var status: String?
        var result = EncodedValue.null
        var others: CeleryObject.Builder?
        var expected = 0
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) {
            switch reader.place(of: key, in: Self.names, expecting: &expected) {
            case 0: status = try reader.readStringOrNull("status of a result")
            case 1: result = try reader.readEncoded(source)
            case 2: traceback = try reader.readStringOrNull("traceback of a result")
            case 3: children = try reader.readChildren()
            case 4: dateDone = try reader.readStringOrNull("date_done of a result")
            case 5: groupID = try reader.readStringOrNull("group_id of a result")
            case 6: parentID = try reader.readStringOrNull("parent_id of a result")
            case 7: taskID = try reader.readStringOrNull("task_id of a result") ?? ""
            default:
                let name = reader.string(key)
                var builder = others ?? CeleryObject.Builder()
                others = nil
                builder.set(name, try reader.readValue())
                others = builder
            }
        }
        try reader.end()
        guard let status else { throw Self.noStatus }
        state = TaskState(rawValue: status)
        try finish(result, others?.object ?? [:], limits: limits)
    }

    private static var noStatus: WireError { WireError(.missingValue, "a result has no status") }

    private mutating func finish(
        _ result: EncodedValue,
        _ others: CeleryObject,
        limits: WireLimits
    ) throws(WireError) {
        if !others.isEmpty {
            custom = others
            extended = try Extended(taking: &custom)
        }
        outcome = .value(result)
        if state.isException, let exception = try ExceptionInfo(result, limits: limits) {
            outcome = .exception(exception)
        }
    }

    /// Reads a stored result in dynamic form.
    init(_ value: CeleryValue, limits: WireLimits) throws(WireError) {
        guard case .object(var members) = value else { throw WireError(.malformed, "a result is \(value.kind)") }
        let result = members["result"] ?? .null
        members["result"] = nil
        func take(_ name: String) throws(WireError) -> String? {
            let value = members[name]
            members[name] = nil
            return try value?.textOrNull(name)
        }
        guard let status = try take("status") else { throw Self.noStatus }
        self.init(taskID: try take("task_id") ?? "", state: TaskState(rawValue: status))
        traceback = try take("traceback")
        dateDone = try take("date_done")
        groupID = try take("group_id")
        parentID = try take("parent_id")
        if case .array(let elements)? = members["children"] { children = elements }
        members["children"] = nil
        try finish(EncodedValue(result), members, limits: limits)
    }
}

extension JSONReader {
    /// The children of a result; what is no array means none.
    fileprivate mutating func readChildren() throws(WireError) -> [CeleryValue] {
        if try readNull() || skip("[]") { return [] }
        guard case .array(let elements) = try readValue() else { return [] }
        return elements
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

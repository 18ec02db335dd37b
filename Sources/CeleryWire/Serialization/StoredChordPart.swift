//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A part of a chord as key/value stores count it: `[1, task id, state, result]`, where `result` is the exception when the
/// state says so. Source: celery/backends/redis.py.
package struct StoredChordPart: Sendable, Equatable {
    package var taskID: String
    package var state: TaskState
    package var value: EncodedValue

    package init(taskID: String, state: TaskState, value: EncodedValue) {
        self.taskID = taskID
        self.state = state
        self.value = value
    }

    /// What all JSON of this task begins with, whatever came of it.
    package var head: [UInt8] {
        var writer = JSONWriter(capacity: 64)
        writer.raw("[1, ")
        writer.string(taskID)
        writer.raw(", ")
        return writer.bytes
    }

    /// The bytes that Python writes for it.
    package func json() throws(WireError) -> [UInt8] {
        var writer = JSONWriter(capacity: 96)
        writer.raw("[1, ")
        writer.string(taskID)
        writer.raw(", ")
        writer.string(state.rawValue)
        writer.raw(", ")
        try writer.encoded(value)
        writer.raw("]")
        return writer.bytes
    }

    static func decode(json bytes: [UInt8], limits: WireLimits) throws(WireError) -> StoredChordPart {
        let elements = try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            var elements: [EncodedValue] = []
            var first = true
            try reader.openArray()
            while try reader.nextElement(&first) { elements.append(try reader.readEncoded(bytes[...])) }
            try reader.end()
            return elements
        }
        guard elements.count == 4 else { throw wrongCount(elements.count) }
        return StoredChordPart(
            taskID: try elements[1].decode(as: String.self, limits: limits),
            state: TaskState(rawValue: try elements[2].decode(as: String.self, limits: limits)),
            value: elements[3]
        )
    }

    init(_ value: CeleryValue) throws(WireError) {
        guard case .array(let elements) = value else { throw WireError(.malformed, "a chord's part is \(value.kind)") }
        guard elements.count == 4 else { throw Self.wrongCount(elements.count) }
        guard let id = try elements[1].textOrNull("task id"), let state = try elements[2].textOrNull("state") else {
            throw WireError(.missingValue, "a chord's part has no task id, or no state")
        }
        self.init(taskID: id, state: TaskState(rawValue: state), value: EncodedValue(elements[3]))
    }

    private static func wrongCount(_ count: Int) -> WireError {
        WireError(.malformed, "a chord's part has \(count) elements, not 4")
    }
}

/// A stored group: `{"result": [[id, parent], [child, …]]}`.
package enum StoredGroup {
    /// What key/value stores put before a group's id, for the group and, with a suffix, for the counters of its chord.
    package static let keyPrefix = "celery-taskset-meta-"

    package static func json(_ tuple: CeleryValue) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.object(["result": tuple])
        return writer.bytes
    }

    static func tuple(_ value: CeleryValue) throws(WireError) -> CeleryValue {
        guard case .object(let object) = value else { throw WireError(.malformed, "a group is \(value.kind)") }
        guard let tuple = object["result"] else { throw WireError(.missingValue, "a group has no result") }
        return tuple
    }
}

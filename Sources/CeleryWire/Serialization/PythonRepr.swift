//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Python's `repr` of values, for `argsrepr`, `kwargsrepr`, events and log lines.
public enum PythonRepr {
    /// The whole value.
    public static func describe(_ value: CeleryValue) -> String {
        var output = ""
        describe(value, into: &output)
        return output
    }

    /// `(2, 3)`, shortened as Celery's `saferepr` does (about 1024 characters, three levels; nil or 0 shows all).
    public static func arguments(
        _ values: [EncodedValue],
        maxLength: Int = 1024,
        maxLevels: Int? = 3
    ) -> String {
        var safe = SafeRepr(maxLength: maxLength, maxLevels: levels(maxLevels))
        safe.tuple(values)
        return safe.output
    }

    /// `{'a': 1}`, shortened likewise.
    public static func keywords(
        _ values: [TaskBody.Keyword],
        maxLength: Int = 1024,
        maxLevels: Int? = 3
    ) -> String {
        var safe = SafeRepr(maxLength: maxLength, maxLevels: levels(maxLevels))
        safe.dictionary(values)
        return safe.output
    }

    private static func levels(_ limit: Int?) -> Int { limit.map { $0 > 0 ? $0 : .max } ?? .max }

    private static func describe(_ value: CeleryValue, into output: inout String) {
        switch value {
        case .string(let text): output += quoted(text)
        case .bytes(let bytes): output += bytesLiteral(bytes)
        case .array(let elements):
            output += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { output += ", " }
                describe(element, into: &output)
            }
            output += "]"
        case .object(let object):
            output += "{"
            for (index, member) in object.members.enumerated() {
                if index > 0 { output += ", " }
                output += quoted(member.key) + ": "
                describe(member.value, into: &output)
            }
            output += "}"
        default: output += scalar(value)
        }
    }

    /// What is neither text, bytes nor a container.
    static func scalar(_ value: CeleryValue) -> String {
        switch value {
        case .null: "None"
        case .bool(let flag): flag ? "True" : "False"
        case .int(let number): String(number)
        case .bigInteger(let digits): digits
        case .double(let number):
            number.isFinite ? PythonFloat.repr(number) : number.isNaN ? "nan" : number < 0 ? "-inf" : "inf"
        case .datetime(let text): PythonDateTime(text)?.repr ?? text
        case .date(let text): PythonDateTime(text)?.dateRepr ?? text
        case .time(let text): PythonTime(text)?.repr ?? text
        case .decimal(let text): "Decimal('\(text)')"
        case .uuid(let hex): "UUID('\(dashed(hex))')"
        case .string, .bytes, .array, .object: ""
        }
    }

    private static func dashed(_ hex: String) -> String {
        var output = ""
        for (index, digit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { output += "-" }
            output.append(digit)
        }
        return output
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension FrameEncoder {
    mutating func value(_ value: CeleryValue) {
        switch value {
        case .null: byte(0)
        case .bool(let flag): byte(flag ? 2 : 1)
        case .int(let number):
            byte(3)
            int(number)
        case .bigInteger(let digits): text(4, digits)
        case .double(let number):
            byte(5)
            double(number)
        case .string(let text): self.text(6, text)
        case .bytes(let bytes):
            byte(7)
            blob(bytes)
        case .array(let elements):
            byte(8)
            list(elements) { $0.value($1) }
        case .object(let object):
            byte(9)
            self.object(object)
        case .datetime(let text): self.text(10, text)
        case .date(let text): self.text(11, text)
        case .time(let text): self.text(12, text)
        case .decimal(let text): self.text(13, text)
        case .uuid(let text): self.text(14, text)
        }
    }

    private mutating func text(_ tag: UInt8, _ text: String) {
        byte(tag)
        string(text)
    }

    mutating func object(_ object: CeleryObject) {
        list(object.members) { encoder, member in
            encoder.string(member.key)
            encoder.value(member.value)
        }
    }

    mutating func encoded(_ value: EncodedValue) {
        switch value.storage {
        case .json(let bytes):
            byte(0)
            blob(bytes)
        case .value(let value):
            byte(1)
            self.value(value)
        }
    }

    mutating func exception(_ exception: ExceptionInfo) {
        string(exception.type)
        list(exception.arguments) { $0.value($1) }
        optional(exception.module)
    }
}

extension FrameDecoder {
    /// Not as a conditional expression, whose `nil` would be the value null.
    mutating func optionalValue() throws(FrameError) -> CeleryValue? {
        guard try bool() else { return nil }
        return try value()
    }

    mutating func value(depth: Int = 0) throws(FrameError) -> CeleryValue {
        guard depth < FrameLimit.depth else { throw FrameError("values are nested deeper than \(FrameLimit.depth)") }
        switch try byte() {
        case 0: return .null
        case 1: return .bool(false)
        case 2: return .bool(true)
        case 3: return .int(try int())
        case 4: return .bigInteger(try string())
        case 5: return .double(try double())
        case 6: return .string(try string())
        case 7: return .bytes(try blob())
        case 8:
            return .array(try list { decoder throws(FrameError) in try decoder.value(depth: depth + 1) })
        case 9: return .object(try object(depth: depth + 1))
        case 10: return .datetime(try string())
        case 11: return .date(try string())
        case 12: return .time(try string())
        case 13: return .decimal(try string())
        case 14: return .uuid(try string())
        case let tag: throw FrameError("no value has the tag \(tag)")
        }
    }

    mutating func object(depth: Int = 0) throws(FrameError) -> CeleryObject {
        var object = CeleryObject()
        let count = try unsigned()
        for _ in 0..<count {
            let key = try string()
            object.appendUnchecked(key, try value(depth: depth))
        }
        return object
    }

    mutating func encoded() throws(FrameError) -> EncodedValue {
        switch try byte() {
        case 0: return EncodedValue(validatedJSON: try blob()[...])
        case 1: return EncodedValue(try value())
        case let tag: throw FrameError("no encoded value has the tag \(tag)")
        }
    }

    mutating func values() throws(FrameError) -> [CeleryValue] {
        try list { decoder throws(FrameError) in try decoder.value() }
    }

    mutating func strings() throws(FrameError) -> [String] {
        try list { decoder throws(FrameError) in try decoder.string() }
    }

    mutating func exception() throws(FrameError) -> ExceptionInfo {
        let type = try string()
        let arguments = try values()
        return ExceptionInfo(type: type, arguments: arguments, module: try optionalString())
    }
}

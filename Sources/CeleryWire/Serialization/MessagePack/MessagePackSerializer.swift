//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The msgpack serializer.
///
/// Python's msgpack has no form for dates, decimals and UUIDs. They go as the tagged objects that JSON has for them;
/// on reading such objects are resolved, while a Python peer sees plain dictionaries.
public struct MessagePackSerializer: BodySerializer {
    static let contentType = "application/x-msgpack"

    public var name: String { "msgpack" }
    public var contentType: String { Self.contentType }
    public var contentEncoding: String { "binary" }

    public init() {}

    public func encode(_ body: TaskBody) throws(WireError) -> [UInt8] { try encode(try body.value()) }

    public func decodeBody(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> TaskBody {
        try TaskBody(try decodeValue(bytes, limits: limits))
    }

    public func encode(_ value: CeleryValue) throws(WireError) -> [UInt8] {
        var writer = MessagePackWriter()
        try writer.value(value)
        return writer.bytes
    }

    public func decodeValue(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> CeleryValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try MessagePackReader(buffer, limits: limits)
            let value = try reader.readValue()
            try reader.end()
            return value
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The json serializer, which every peer understands.
public struct JSONSerializer: BodySerializer {
    static let contentType = "application/json"

    public var name: String { "json" }
    public var contentType: String { Self.contentType }
    public var contentEncoding: String { "utf-8" }

    public init() {}

    public func encode(_ body: TaskBody) throws(WireError) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        try body.write(to: &writer)
        return writer.bytes
    }

    public func decodeBody(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> TaskBody {
        try TaskBody.decode(json: bytes, limits: limits)
    }

    public func encode(_ value: CeleryValue) throws(WireError) -> [UInt8] {
        var writer = JSONWriter(capacity: 64)
        writer.value(value)
        return writer.bytes
    }

    public func decodeValue(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> CeleryValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            let value = try reader.readValue()
            try reader.end()
            return value
        }
    }
}

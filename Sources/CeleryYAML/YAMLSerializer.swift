//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if YAML
public import CeleryWire

/// The yaml serializer: what Python's `yaml.safe_load` and `safe_dump` read and write, within the limits.
///
/// Only YAML's own tags are known; any other makes the document undecodable. Times of day, decimals and UUIDs, for
/// which YAML has no form, go as the tagged objects that JSON has for them: resolved here, dictionaries to Python.
public struct YAMLSerializer: BodySerializer {
    public var name: String { "yaml" }
    public var contentType: String { "application/x-yaml" }
    public var contentEncoding: String { "utf-8" }

    public init() {}

    public func encode(_ body: TaskBody) throws(WireError) -> [UInt8] { try encode(try body.value()) }

    public func decodeBody(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> TaskBody {
        try TaskBody(try decodeValue(bytes, limits: limits))
    }

    public func encode(_ value: CeleryValue) throws(WireError) -> [UInt8] {
        var writer = YAMLWriter()
        try writer.value(value)
        writer.text += "\n"
        return Array(writer.text.utf8)
    }

    public func decodeValue(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> CeleryValue {
        guard bytes.count <= limits.messageSize else {
            throw WireError(.limitExceeded, "\(bytes.count) bytes of YAML; messageSize allows \(limits.messageSize)")
        }
        return try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = YAMLReader(buffer, limits: limits)
            defer { reader.close() }
            return try reader.readDocument()
        }
    }
}
#endif

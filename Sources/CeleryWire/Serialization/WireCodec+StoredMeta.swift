//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension TaskMeta {
    /// What key/value stores put before a task's id, for the key and for the channel on which its states are announced.
    package static let keyPrefix = "celery-task-meta-"
}

extension WireCodec {
    /// Decodes a stored result whichever serializer and compression it was written with: its bytes tell.
    ///
    /// - Throws: ``WireError`` `.contentDisallowed` for pickle, and for another serializer than JSON (in which our own results
    ///   are) that `acceptContent` does not name; `.unsupported` for a compression that is not registered; `.malformed`.
    package func decodeStoredMeta(_ bytes: [UInt8]) throws(WireError) -> TaskMeta {
        guard bytes.first != UInt8(ascii: "{") else { return try TaskMeta.decode(json: bytes, limits: limits) }
        var bytes = bytes
        var limits = limits
        if let (contentType, content) = CompressedResult.unmark(bytes) {
            bytes = try compression(contentType).decompress(content, limit: limits.decompressedSize)
            limits = bodyLimits
        }
        let name = Self.serializerName(of: bytes)
        guard name != "json" else { return try TaskMeta.decode(json: bytes, limits: limits) }
        return try TaskMeta(try accepted(name).decodeValue(bytes, limits: limits), limits: limits)
    }

    /// The serializer that a result, always a map, seems to be written with.
    private static func serializerName(of bytes: [UInt8]) -> String {
        guard let first = bytes.first else { return "json" }
        return switch first {
        // A pickle begins with 80 and its version; in msgpack 80 is an empty map, with nothing behind it.
        case 0x80 where bytes.count > 1: "pickle"
        case 0x80...0x8F, 0xDE, 0xDF: "msgpack"
        // Python's keys in YAML are sorted, so that `children` comes first.
        case UInt8(ascii: "a")...UInt8(ascii: "z") where bytes.prefix(40).contains(UInt8(ascii: ":")): "yaml"
        default: "json"
        }
    }
}

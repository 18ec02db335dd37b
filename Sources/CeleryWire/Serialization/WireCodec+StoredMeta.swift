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
        let stored = try unpack(bytes)
        guard let value = try stored.value(self) else {
            return try TaskMeta.decode(json: stored.bytes, limits: stored.limits)
        }
        return try TaskMeta(value, limits: stored.limits)
    }

    /// Decodes a counted part of a chord, in the same ways.
    package func decodeStoredChordPart(_ bytes: [UInt8]) throws(WireError) -> StoredChordPart {
        guard bytes.first != UInt8(ascii: "[") else { return try StoredChordPart.decode(json: bytes, limits: limits) }
        let stored = try unpack(bytes)
        guard let value = try stored.value(self) else {
            return try StoredChordPart.decode(json: stored.bytes, limits: stored.limits)
        }
        return try StoredChordPart(value)
    }

    /// Decodes a stored group to its results as a tuple, in the same ways.
    package func decodeStoredGroup(_ bytes: [UInt8]) throws(WireError) -> CeleryValue {
        let stored = try unpack(bytes)
        if let value = try stored.value(self) { return try StoredGroup.tuple(value) }
        return try StoredGroup.tuple(
            try EncodedValue(json: stored.bytes, limits: stored.limits).value(limits: stored.limits)
        )
    }

    /// Something stored, decompressed.
    private struct Stored {
        var bytes: [UInt8]
        var limits: WireLimits

        /// Nil when it seems to be JSON.
        func value(_ codec: WireCodec) throws(WireError) -> CeleryValue? {
            let name = WireCodec.serializerName(of: bytes)
            // Not `nil`, which would be a value too.
            guard name != "json" else { return Optional.none }
            return try codec.accepted(name).decodeValue(bytes, limits: limits)
        }
    }

    private func unpack(_ bytes: [UInt8]) throws(WireError) -> Stored {
        guard let (contentType, content) = CompressedResult.unmark(bytes) else {
            return Stored(bytes: bytes, limits: limits)
        }
        let method = try compression(contentType)
        return Stored(
            bytes: try method.decompress(content, limit: limits.decompressedSize),
            limits: bodyLimits
        )
    }

    /// The serializer that a result, always a map or an array, seems to be written with.
    private static func serializerName(of bytes: [UInt8]) -> String {
        guard let first = bytes.first else { return "json" }
        return switch first {
        // A pickle begins with 80 and its version; in msgpack 80 is an empty map, with nothing behind it.
        case 0x80 where bytes.count > 1: "pickle"
        case 0x80...0x9F, 0xDC...0xDF: "msgpack"
        // Python's keys in YAML are sorted, so that `children` comes first.
        case UInt8(ascii: "a")...UInt8(ascii: "z") where bytes.prefix(40).contains(UInt8(ascii: ":")): "yaml"
        default: "json"
        }
    }
}

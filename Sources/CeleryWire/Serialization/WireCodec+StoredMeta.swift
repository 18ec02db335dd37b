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
    /// Encodes a result with ``resultSerializer`` and ``resultCompression``, as Celery's stores do.
    ///
    /// - Throws: ``WireError`` `.unsupported` for a name that is not registered; `.unencodable` for what the serializer has
    ///   no form for.
    package func encodeStored(_ meta: TaskMeta) throws(WireError) -> [UInt8] {
        try encode(meta, serializer: resultSerializer, compression: resultCompression)
    }

    /// The same for a counted part of a chord.
    ///
    /// - Returns: Its bytes, and how many of them are the same whatever came of the task: all, where that cannot be told.
    package func encodeStored(_ part: StoredChordPart) throws(WireError) -> (bytes: [UInt8], head: Int) {
        let serializer = try serializer(resultSerializer)
        if serializer is JSONSerializer, resultCompression == nil { return (try part.json(), part.head.count) }
        let value = CeleryValue.array([
            1, .string(part.taskID), .string(part.state.rawValue), try part.value.value(limits: limits),
        ])
        let bytes = try encodeStored(value)
        guard serializer is MessagePackSerializer, resultCompression == nil else { return (bytes, bytes.count) }
        // The header of the array, 1, and the task's id.
        return (bytes, 2 + (try serializer.encode(.string(part.taskID))).count)
    }

    /// The same for a group, of its results as a tuple.
    package func encodeStored(group tuple: CeleryValue) throws(WireError) -> [UInt8] {
        try encodeStored(["result": tuple])
    }

    private func encodeStored(_ value: CeleryValue) throws(WireError) -> [UInt8] {
        let bytes = try serializer(resultSerializer).encode(value)
        guard let resultCompression else { return bytes }
        let method = try compression(resultCompression)
        return CompressedResult.mark(try method.compress(bytes), contentType: method.contentType)
    }

    /// What is wrong with ``resultSerializer`` and ``resultCompression``; nil when results can be written with them.
    package var resultProblem: WireError? {
        do throws(WireError) {
            _ = try serializer(resultSerializer)
            if let resultCompression { _ = try compression(resultCompression) }
            return nil
        } catch {
            return error
        }
    }

    /// Whether results that are written here may also be read here.
    package var readsOwnResults: Bool { (try? accepted(resultSerializer)) != nil }

    /// Decodes a stored result whichever serializer and compression it was written with: its bytes tell.
    ///
    /// - Throws: ``WireError`` `.contentDisallowed` for pickle, and for a serializer that `acceptContent` does not name;
    ///   `.unsupported` for a compression that is not registered; `.malformed`.
    package func decodeStoredMeta(_ bytes: [UInt8]) throws(WireError) -> TaskMeta {
        if readsPlainJSON, bytes.first == UInt8(ascii: "{") { return try TaskMeta.decode(json: bytes, limits: limits) }
        let stored = try unpack(bytes)
        guard let value = try stored.value(self) else {
            return try TaskMeta.decode(json: stored.bytes, limits: stored.limits)
        }
        return try TaskMeta(value, limits: stored.limits)
    }

    /// Whether a stored result is a SUCCESS, whether or not its serializer is accepted. What nobody can read is none.
    package func isStoredSuccess(_ bytes: [UInt8]) -> Bool {
        do throws(WireError) {
            let stored = try unpack(bytes)
            if Self.serializerName(of: stored.bytes) == "pickle" { return PickledStatus.isSuccess(stored.bytes) }
            var codec = self
            codec.acceptContent = serializers.map(\.name)
            guard let value = try stored.value(codec) else {
                return try TaskMeta.decode(json: stored.bytes, limits: stored.limits).state == .success
            }
            return try TaskMeta(value, limits: stored.limits).state == .success
        } catch {
            // Too much to be looked at is more than any failure would be.
            return error.code == .limitExceeded
        }
    }

    /// Decodes a counted part of a chord, in the same ways.
    package func decodeStoredChordPart(_ bytes: [UInt8]) throws(WireError) -> StoredChordPart {
        if readsPlainJSON, bytes.first == UInt8(ascii: "[") {
            return try StoredChordPart.decode(json: bytes, limits: limits)
        }
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
            let serializer = try codec.accepted(WireCodec.serializerName(of: bytes))
            // Not `nil`, which would be a value too.
            return serializer is JSONSerializer ? Optional.none : try serializer.decodeValue(bytes, limits: limits)
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
        case UInt8(ascii: "-") where bytes.dropFirst().first == UInt8(ascii: " "): "yaml"
        case UInt8(ascii: "a")...UInt8(ascii: "z") where bytes.prefix(40).contains(UInt8(ascii: ":")): "yaml"
        default: "json"
        }
    }
}

/// The state in a pickled result, which is never unpickled: only its beginning is looked at.
enum PickledStatus {
    private static let key = Array("status".utf8)
    private static let success = Array("SUCCESS".utf8)

    /// Python writes `status` first, and its value behind it: as a string with its length in one byte or in four, and with
    /// what notes the key for later use in between.
    static func isSuccess(_ bytes: [UInt8]) -> Bool {
        let head = bytes.prefix(80)
        guard let start = head.indices.first(where: { head[$0...].starts(with: key) }) else { return false }
        var rest = head[(start + key.count)...]
        switch rest.first {
        case 0x94: rest = rest.dropFirst()
        case UInt8(ascii: "q"): rest = rest.dropFirst(2)
        default: break
        }
        switch rest.first {
        case 0x8C: return rest.dropFirst().starts(with: [7] + success)
        case UInt8(ascii: "X"): return rest.dropFirst().starts(with: [7, 0, 0, 0] + success)
        default: return false
        }
    }
}

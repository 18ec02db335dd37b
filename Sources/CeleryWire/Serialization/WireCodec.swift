//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The serializers, compressions and limits in force: turns bodies and results into bytes and back.
public struct WireCodec: Sendable {
    public var serializers: [any BodySerializer] { didSet { readsPlainJSON = acceptsPlainJSON } }
    public var compressions: [any BodyCompression]
    /// Names or content types that may be decoded (`accept_content`). Default: json only.
    public var acceptContent: [String] { didSet { readsPlainJSON = acceptsPlainJSON } }
    public var limits: WireLimits
    /// In what results are stored (`result_serializer`).
    public var resultSerializer = "json"
    /// With what they are compressed (`result_compression`); nil: they are not.
    public var resultCompression: String?
    /// Whether `json` and `application/json` are accepted and the built-in serializer; known beforehand, since most
    /// messages and results have it.
    private(set) var readsPlainJSON = false

    /// JSON and MessagePack, zlib, and those given; of two with one name the later counts.
    public init(
        serializers: [any BodySerializer] = [],
        compressions: [any BodyCompression] = [],
        acceptContent: [String] = ["json"],
        limits: WireLimits = .standard
    ) {
        self.serializers = [JSONSerializer(), MessagePackSerializer()] + serializers
        self.compressions = [ZlibCompression()] + compressions
        self.acceptContent = acceptContent
        self.limits = limits
        readsPlainJSON = acceptsPlainJSON
    }

    private var acceptsPlainJSON: Bool {
        let (byType, byName) = (try? accepted(JSONSerializer.contentType), try? serializer("json"))
        return byType is JSONSerializer && byName is JSONSerializer
    }

    /// Serializes and, when asked, compresses a body into the message, setting its content type, encoding and
    /// `compression` header.
    ///
    /// - Throws: ``WireError`` `.unsupported` for a name that is not registered, listing those that are.
    public func encode(
        _ body: TaskBody,
        into message: inout Message,
        serializer: String = "json",
        compression: String? = nil
    ) throws(WireError) {
        let serializer = try self.serializer(serializer)
        message.contentType = serializer.contentType
        message.contentEncoding = serializer.contentEncoding
        message.body = try serializer.encode(body)
        message.headers.compression = nil
        guard let compression else { return }
        let method = try self.compression(compression)
        message.body = try method.compress(message.body)
        message.headers.compression = method.contentType
    }

    /// Checks `accept_content`, decompresses and deserializes the body of a message of protocol 2.
    ///
    /// - Throws: ``WireError`` `.contentDisallowed` for a content type outside `acceptContent`, and for pickle always;
    ///   `.unsupported` for an unknown content type or compression; what the serializer throws.
    public func decodeBody(of message: Message) throws(WireError) -> TaskBody {
        if readsPlainJSON, message.headers.compression == nil, message.contentType == JSONSerializer.contentType {
            return try TaskBody.decode(json: message.body, limits: limits)
        }
        let serializer = try accepted(message.contentType)
        guard let compression = message.headers.compression else {
            return try serializer.decodeBody(message.body, limits: limits)
        }
        let bytes = try self.compression(compression)
            .decompress(message.body, limit: limits.decompressedSize)
        return try serializer.decodeBody(bytes, limits: bodyLimits)
    }

    /// What was decompressed is bounded by its own limit.
    var bodyLimits: WireLimits {
        var limits = limits
        limits.messageSize = max(limits.messageSize, limits.decompressedSize)
        return limits
    }

    /// The serializer of a name or content type, when it is in `acceptContent`.
    func accepted(_ contentType: String) throws(WireError) -> any BodySerializer {
        let serializer = try self.serializer(contentType)
        guard acceptContent.contains(where: { $0 == serializer.name || $0 == serializer.contentType }) else {
            throw WireError(
                .contentDisallowed,
                "content type '\(contentType.prefix(60))' is not in accept_content \(acceptContent)"
            )
        }
        return serializer
    }

    /// The serializer of a name or content type.
    func serializer(_ name: String) throws(WireError) -> any BodySerializer {
        if let found = serializers.last(where: { $0.name == name || $0.contentType == name }) { return found }
        if name == "pickle" || name == "application/x-python-serialize" {
            throw WireError(.contentDisallowed, "pickle can run any code while it is read, so it is never used here")
        }
        let known = serializers.map(\.name).joined(separator: ", ")
        throw WireError(.unsupported, "serializer '\(name.prefix(60))' is not registered; known are \(known)")
    }

    /// The compression of a name or content type.
    func compression(_ name: String) throws(WireError) -> any BodyCompression {
        if let found = compressions.last(where: { $0.contentType == name || $0.names.contains(name) }) { return found }
        let known = compressions.flatMap(\.names).joined(separator: ", ")
        throw WireError(.unsupported, "compression '\(name.prefix(60))' is not registered; known are \(known)")
    }

    /// Encodes a result as the backends store it.
    ///
    /// - Parameters:
    ///   - meta: What is stored.
    ///   - serializer: By name, as `result_serializer` has it.
    ///   - compression: As `result_compression` has it (Celery 5.7): the value then begins with a marker.
    public func encode(
        _ meta: TaskMeta,
        serializer: String = "json",
        compression: String? = nil
    ) throws(WireError) -> [UInt8] {
        let serializer = try self.serializer(serializer)
        var bytes: [UInt8]
        if serializer is JSONSerializer {
            var writer = JSONWriter(capacity: 256)
            try meta.write(to: &writer)
            bytes = writer.bytes
        } else {
            bytes = try serializer.encode(try meta.value(limits: limits))
        }
        guard let compression else { return bytes }
        let method = try self.compression(compression)
        bytes = try method.compress(bytes)
        return CompressedResult.mark(bytes, contentType: method.contentType)
    }

    /// Decodes a stored result; the marker of a compressed one is always recognised.
    public func decodeMeta(_ bytes: [UInt8], serializer: String = "json") throws(WireError) -> TaskMeta {
        if readsPlainJSON, serializer == "json", bytes.first != 0 {
            return try TaskMeta.decode(json: bytes, limits: limits)
        }
        let serializer = try self.serializer(serializer)
        var bytes = bytes
        var limits = limits
        if let (contentType, content) = CompressedResult.unmark(bytes) {
            bytes = try compression(contentType).decompress(content, limit: limits.decompressedSize)
            limits = bodyLimits
        }
        if serializer is JSONSerializer { return try TaskMeta.decode(json: bytes, limits: limits) }
        return try TaskMeta(try serializer.decodeValue(bytes, limits: limits), limits: limits)
    }
}

/// The form of a compressed result: `\0celery-compressed\0`, content type, `\0`, compressed bytes. Source: Celery 5.7.
enum CompressedResult {
    private static let marker = Array("\0celery-compressed\0".utf8)

    static func mark(_ bytes: [UInt8], contentType: String) -> [UInt8] { marker + contentType.utf8 + [0] + bytes }

    static func unmark(_ bytes: [UInt8]) -> (contentType: String, content: [UInt8])? {
        guard bytes.starts(with: marker) else { return nil }
        let rest = bytes.dropFirst(marker.count)
        guard let end = rest.prefix(100).firstIndex(of: 0) else { return nil }
        return (String(decoding: rest[..<end], as: UTF8.self), Array(rest[(end + 1)...]))
    }
}

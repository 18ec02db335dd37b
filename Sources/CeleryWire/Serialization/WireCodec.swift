//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The serializers, compressions and limits in force: turns bodies and results into bytes and back.
public struct WireCodec: Sendable {
    public var serializers: [any BodySerializer]
    public var compressions: [any BodyCompression]
    /// Names or content types that may be decoded (`accept_content`). Default: json only.
    public var acceptContent: [String]
    public var limits: WireLimits

    /// JSON and MessagePack, zlib; more are added by the umbrella target.
    public init(
        serializers: [any BodySerializer] = [],
        compressions: [any BodyCompression] = [],
        acceptContent: [String] = ["json"],
        limits: WireLimits = .standard
    ) {
        self.serializers = serializers
        self.compressions = compressions
        self.acceptContent = acceptContent
        self.limits = limits
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
    ) throws(WireError) { fatalError("codec") }

    /// Checks `accept_content`, decompresses and deserializes the body of a message of protocol 2.
    public func decodeBody(of message: Message) throws(WireError) -> TaskBody { fatalError("codec") }

    /// Encodes a result as the backends store it.
    public func encode(_ meta: TaskMeta, serializer: String = "json") throws(WireError) -> [UInt8] { fatalError("codec") }

    /// Decodes a stored result.
    public func decodeMeta(_ bytes: [UInt8], serializer: String = "json") throws(WireError) -> TaskMeta {
        fatalError("codec")
    }
}

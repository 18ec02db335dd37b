//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A task message between serializer and broker: headers and properties decoded, body still bytes.
public struct Message: Sendable, Equatable {
    public var headers: TaskHeaders
    public var properties: MessageProperties
    /// For example `application/json`.
    public var contentType: String
    /// For example `utf-8`, or `binary`.
    public var contentEncoding: String
    /// The body as serialized, and compressed when the header says so.
    public var body: [UInt8]

    public init(
        headers: TaskHeaders,
        properties: MessageProperties = MessageProperties(),
        contentType: String = "application/json",
        contentEncoding: String = "utf-8",
        body: [UInt8]
    ) {
        self.headers = headers
        self.properties = properties
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.body = body
    }
}

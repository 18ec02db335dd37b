//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A task message between serializer and broker: headers and properties decoded, body still bytes.
public struct Message: Sendable, Equatable {
    @usableFromInline var storage: Storage

    @inlinable public var headers: TaskHeaders {
        _read { yield storage.headers }
        _modify {
            makeUnique()
            yield &storage.headers
        }
    }

    @inlinable public var properties: MessageProperties {
        _read { yield storage.properties }
        _modify {
            makeUnique()
            yield &storage.properties
        }
    }

    /// For example `application/json`.
    @inlinable public var contentType: String {
        _read { yield storage.contentType }
        _modify {
            makeUnique()
            yield &storage.contentType
        }
    }

    /// For example `utf-8`, or `binary`.
    @inlinable public var contentEncoding: String {
        _read { yield storage.contentEncoding }
        _modify {
            makeUnique()
            yield &storage.contentEncoding
        }
    }

    /// The body as serialized, and compressed when the header says so.
    @inlinable public var body: [UInt8] {
        _read { yield storage.body }
        _modify {
            makeUnique()
            yield &storage.body
        }
    }

    public init(
        headers: TaskHeaders,
        properties: MessageProperties = MessageProperties(),
        contentType: String = "application/json",
        contentEncoding: String = "utf-8",
        body: [UInt8]
    ) {
        storage = Storage(headers, properties, contentType, contentEncoding, body)
    }

    public static func == (a: Message, b: Message) -> Bool {
        if a.storage === b.storage { return true }
        return a.headers == b.headers && a.properties == b.properties && a.contentType == b.contentType
            && a.contentEncoding == b.contentEncoding && a.body == b.body
    }

    @usableFromInline mutating func makeUnique() {
        guard !isKnownUniquelyReferenced(&storage) else { return }
        storage = Storage(
            storage.headers,
            storage.properties,
            storage.contentType,
            storage.contentEncoding,
            storage.body
        )
    }

    /// Where the fields are: some forty words, with two dozen references among them, which would be copied one by one at each
    /// of the steps that a message takes through a worker.
    ///
    /// `@unchecked Sendable`, and without checks of exclusivity: a message is a value, and copies what it shares before it writes
    /// (`makeUnique`), so this is only written to while a single message refers to it. Checked types cannot say so.
    @usableFromInline final class Storage: @unchecked Sendable {
        @exclusivity(unchecked) @usableFromInline var headers: TaskHeaders
        @exclusivity(unchecked) @usableFromInline var properties: MessageProperties
        @exclusivity(unchecked) @usableFromInline var contentType: String
        @exclusivity(unchecked) @usableFromInline var contentEncoding: String
        @exclusivity(unchecked) @usableFromInline var body: [UInt8]

        init(
            _ headers: TaskHeaders,
            _ properties: MessageProperties,
            _ contentType: String,
            _ contentEncoding: String,
            _ body: [UInt8]
        ) {
            self.headers = headers
            self.properties = properties
            self.contentType = contentType
            self.contentEncoding = contentEncoding
            self.body = body
        }
    }
}

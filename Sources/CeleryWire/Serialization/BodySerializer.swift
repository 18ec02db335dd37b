//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// One serializer of task bodies and results, registered under a name and a content type.
public protocol BodySerializer: Sendable {
    /// Celery's name: `json`, `msgpack`, `yaml`.
    var name: String { get }
    /// For example `application/json`.
    var contentType: String { get }
    /// `utf-8` or `binary`.
    var contentEncoding: String { get }

    func encode(_ body: TaskBody) throws(WireError) -> [UInt8]
    func decodeBody(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> TaskBody
    func encode(_ value: CeleryValue) throws(WireError) -> [UInt8]
    func decodeValue(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> CeleryValue
}

/// One compression of bodies, registered under Celery's names and a content type.
public protocol BodyCompression: Sendable {
    /// Celery's names for it; the first is the one to show: `zlib`, `gzip`.
    var names: [String] { get }
    /// For example `application/x-gzip`.
    var contentType: String { get }

    func compress(_ bytes: [UInt8]) throws(WireError) -> [UInt8]
    /// Stops with ``WireError/Code/limitExceeded`` before it has produced more than `limit` bytes.
    func decompress(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8]
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Kombu's JSON envelope, the form in which virtual transports (Redis, SQS, SQLite, memory) keep a message.
///
/// **Shape:** `{"body", "content-encoding", "content-type", "headers", "properties"}`, body in base64.
/// A message of protocol 1 (no `task` header) is converted while decoding.
public enum Envelope {
    /// The bytes that Python would read; the body goes as base64 (`properties.body_encoding`).
    public static func encode(_ message: Message) -> [UInt8] { fatalError("codec") }

    /// Reads an envelope. Missing parts get kombu's defaults where it has them.
    public static func decode(_ bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) -> Message {
        fatalError("codec")
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryWire

/// The state of a stored result, read from its first bytes without decoding the rest.
enum StoredStatus {
    private static let json = [Array("{\"status\": \"".utf8), Array("{\"status\":\"".utf8)]
    private static let msgpack = Array("status".utf8)

    /// Nil when the beginning does not tell: other key order, another serializer, compressed.
    static func state(_ bytes: [UInt8]) -> TaskState? {
        if let start = json.first(where: { bytes.starts(with: $0) })?.count {
            guard let end = bytes[start...].prefix(64).firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            return text(bytes[start..<end])
        }
        // A map of up to 15, its first key a string of six bytes; then a string of up to 31.
        guard bytes.count > 9, 0x80...0x8F ~= bytes[0], bytes[1] == 0xA6, bytes[2..<8].elementsEqual(msgpack),
            0xA0...0xBF ~= bytes[8]
        else { return nil }
        let end = 9 + Int(bytes[8] & 0x1F)
        return bytes.count >= end ? text(bytes[9..<end]) : nil
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> TaskState? {
        guard !bytes.contains(UInt8(ascii: "\\")) else { return nil }
        return TaskState(rawValue: String(decoding: bytes, as: UTF8.self))
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a Redis server answered.
package enum RedisReply: Equatable, Sendable {
    case null
    case integer(Int)
    case bytes([UInt8])
    case array([RedisReply])

    /// A text, or a number as text.
    package var text: String? {
        switch self {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): "\(number)"
        case .null, .array: nil
        }
    }

    package var number: Int? {
        if case .integer(let number) = self { number } else { text.flatMap { Int($0) } }
    }

    package var items: [RedisReply] {
        if case .array(let items) = self { items } else { [] }
    }

    package var texts: [String] { items.compactMap(\.text) }
}

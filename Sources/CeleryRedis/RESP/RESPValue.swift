//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
/// One reply of a Redis server.
enum RESPValue: Sendable, Equatable {
    /// A bulk or simple string, and what RESP3 adds to them (verbatim strings, doubles, big numbers) as its text.
    case string([UInt8])
    case int(Int64)
    case null
    case array([RESPValue])
    /// A map of RESP3, flat: key, value, key, value; so it reads like RESP2's array.
    case map([RESPValue])
    /// Something the server says of its own accord.
    case push([RESPValue])
    case error(RESPError)

    /// A status such as `OK`.
    static func text(_ text: String) -> RESPValue { .string(Array(text.utf8)) }
}

/// An error reply: a code in capitals and a text.
struct RESPError: Error, Sendable, Equatable {
    /// The first word: `ERR`, `LOADING`, `NOAUTH`; or that of the error which it only wraps.
    var code: String
    /// All of it.
    var message: String

    init(_ message: String) {
        self.message = message
        code = Self.wrapped(in: message) ?? String(message.prefix { $0 != " " })
    }

    /// The code of what a script met, up to Redis 6.2, and of what a transaction was discarded for.
    private static func wrapped(in message: String) -> String? {
        let mark: String
        if message.hasPrefix("ERR Error running script") {
            mark = ": -"
        } else if message.hasPrefix("EXECABORT ") {
            mark = " because of: "
        } else {
            return nil
        }
        guard let range = message.firstRange(of: mark) else { return nil }
        let code = message[range.upperBound...].prefix { $0 != " " }
        // Or it is something else that a script said, such as a number.
        return !code.isEmpty && code.allSatisfy(\.isUppercase) ? String(code) : nil
    }
}

extension RESPValue {
    var isNull: Bool { self == .null }

    var bytes: [UInt8]? {
        guard case .string(let bytes) = self else { return nil }
        return bytes
    }

    var string: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// An integer, also one that came as text.
    var int: Int64? {
        switch self {
        case .int(let value): value
        case .string(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    /// Elements of an array, a map (flat) or a push; empty for anything else.
    var elements: [RESPValue] {
        switch self {
        case .array(let elements), .map(let elements), .push(let elements): elements
        default: []
        }
    }

    /// Keys and values of a map, or of RESP2's array of both.
    var pairs: [(key: String, value: RESPValue)] {
        let flat = elements
        return stride(from: 0, to: flat.count - flat.count % 2, by: 2)
            .compactMap { index in flat[index].string.map { ($0, flat[index + 1]) } }
    }

    /// Members of a sorted set with their scores: pairs in RESP3, flat in RESP2.
    var scored: [(member: RESPValue, score: Double)] {
        let flat = elements.flatMap { $0.elements.isEmpty ? [$0] : $0.elements }
        return stride(from: 0, to: flat.count - flat.count % 2, by: 2)
            .compactMap { index in flat[index + 1].string.flatMap { Double($0) }.map { (flat[index], $0) } }
    }

    var error: RESPError? {
        guard case .error(let error) = self else { return nil }
        return error
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A key of a terminal.
enum Key: Equatable, Sendable {
    case character(Character)
    case up
    case down
    case pageUp
    case pageDown
    case home
    case end
    case enter
    case escape
    case backspace
    /// Ctrl+C.
    case interrupt
    /// Ctrl+Z.
    case suspend
    /// Ctrl+L.
    case redraw
}

/// Makes keys of the bytes that a terminal sends. What it does not know is left out.
struct KeyDecoder {
    /// Longer than any sequence that means something.
    private static let limit = 32
    private static let escape: UInt8 = 0x1b

    private var bytes: [UInt8] = []

    /// Whether the last bytes may be the beginning of a key: the escape key's own byte begins those of others.
    var isPending: Bool { !bytes.isEmpty }

    mutating func take(_ more: some Sequence<UInt8>) -> [Key] {
        bytes += more
        var keys: [Key] = []
        while let (key, count) = first() {
            bytes.removeFirst(count)
            if let key { keys.append(key) }
        }
        return keys
    }

    /// Nothing more came for a while: an escape byte was the escape key.
    mutating func flush() -> [Key] {
        defer { bytes = [] }
        return bytes.first == Self.escape ? [.escape] : []
    }

    /// The first key with the number of its bytes; no key for what means nothing; nil when more bytes are needed.
    private func first() -> (key: Key?, count: Int)? {
        guard let byte = bytes.first else { return nil }
        if byte == Self.escape { return sequence() }
        if byte < 0x20 || byte == 0x7f { return (Self.control(byte), 1) }
        let count = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
        guard bytes.count >= count else { return nil }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        guard text.unicodeScalars.count == 1, text != "\u{FFFD}", let character = text.first else { return (nil, 1) }
        return (.character(character), count)
    }

    private static func control(_ byte: UInt8) -> Key? {
        switch byte {
        case 0x03: .interrupt
        case 0x1a: .suspend
        case 0x0c: .redraw
        case 0x0a, 0x0d: .enter
        case 0x08, 0x7f: .backspace
        case 0x02: .pageUp
        case 0x06: .pageDown
        case 0x0e: .down
        case 0x10: .up
        default: nil
        }
    }

    /// `ESC [ … letter` and `ESC O letter`.
    private func sequence() -> (key: Key?, count: Int)? {
        guard bytes.count > 1 else { return nil }
        guard bytes[1] == UInt8(ascii: "[") || bytes[1] == UInt8(ascii: "O") else { return (.escape, 1) }
        guard let end = bytes.indices.dropFirst(2).first(where: { (0x40...0x7e).contains(bytes[$0]) }) else {
            return bytes.count > Self.limit ? (nil, bytes.count) : nil
        }
        let number = String(decoding: bytes[2..<end].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        return (Self.named(bytes[end], number), end + 1)
    }

    private static func named(_ letter: UInt8, _ number: String) -> Key? {
        switch (Character(UnicodeScalar(letter)), number) {
        case ("A", _): .up
        case ("B", _): .down
        case ("H", _), ("~", "1"), ("~", "7"): .home
        case ("F", _), ("~", "4"), ("~", "8"): .end
        case ("~", "5"): .pageUp
        case ("~", "6"): .pageDown
        case ("M", ""): .enter
        default: nil
        }
    }
}

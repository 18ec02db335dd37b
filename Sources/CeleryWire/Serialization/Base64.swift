//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Base64 with padding, the standard alphabet.
enum Base64 {
    private static let alphabet: [UInt8] = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    /// The value of each byte, 0xFF for one that is not of the alphabet.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()

    /// How many bytes the encoding of so many takes.
    static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Appends the encoding of the bytes.
    static func encode(_ bytes: [UInt8], into output: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let encoded = [UInt8](unsafeUninitializedCapacity: encodedCount(bytes.count)) { target, count in
            count = bytes.withUnsafeBufferPointer { encode($0, to: target) }
        }
        output.append(contentsOf: encoded)
    }

    static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: encodedCount(bytes.count)) { target in
            bytes.withUnsafeBufferPointer { encode($0, to: target) }
        }
    }

    /// Writes the encoding; the target has room for it. Returns its length.
    @inline(__always)
    static func encode(_ bytes: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableBufferPointer<UInt8>) -> Int {
        alphabet.withUnsafeBufferPointer { alphabet in
            var read = 0
            var write = 0
            while read &+ 3 <= bytes.count {
                let group = UInt32(bytes[read]) << 16 | UInt32(bytes[read &+ 1]) << 8 | UInt32(bytes[read &+ 2])
                target[write] = alphabet[Int(group >> 18)]
                target[write &+ 1] = alphabet[Int(group >> 12 & 63)]
                target[write &+ 2] = alphabet[Int(group >> 6 & 63)]
                target[write &+ 3] = alphabet[Int(group & 63)]
                read &+= 3
                write &+= 4
            }
            guard read < bytes.count else { return write }
            let second = read + 1 < bytes.count ? UInt32(bytes[read + 1]) : 0
            let group = UInt32(bytes[read]) << 16 | second << 8
            target[write] = alphabet[Int(group >> 18)]
            target[write + 1] = alphabet[Int(group >> 12 & 63)]
            target[write + 2] = read + 1 < bytes.count ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "=")
            target[write + 3] = UInt8(ascii: "=")
            return write + 4
        }
    }

    static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode($0) }
    }

    /// The decoded bytes; nil for anything outside the alphabet and for wrong padding.
    static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        guard text.count > 0 else { return [] }
        var padding = 0
        if text[text.count - 1] == UInt8(ascii: "=") { padding += 1 }
        if text[text.count - 2] == UInt8(ascii: "=") { padding += 1 }
        let count = text.count / 4 * 3 - padding
        var wrong: UInt8 = 0
        let decoded = [UInt8](unsafeUninitializedCapacity: count) { target, written in
            values.withUnsafeBufferPointer { values in
                var read = 0
                var write = 0
                let whole = padding == 0 ? text.count : text.count &- 4
                while read < whole {
                    let a = values[Int(text[read])]
                    let b = values[Int(text[read &+ 1])]
                    let c = values[Int(text[read &+ 2])]
                    let d = values[Int(text[read &+ 3])]
                    wrong |= a | b | c | d
                    target[write] = a << 2 | b >> 4
                    target[write &+ 1] = b << 4 | c >> 2
                    target[write &+ 2] = c << 6 | d
                    read &+= 4
                    write &+= 3
                }
                if padding > 0 {
                    let a = values[Int(text[read])]
                    let b = values[Int(text[read + 1])]
                    wrong |= a | b
                    target[write] = a << 2 | b >> 4
                    if padding == 1 {
                        let c = values[Int(text[read + 2])]
                        wrong |= c
                        target[write + 1] = b << 4 | c >> 2
                    }
                }
            }
            written = count
        }
        return wrong & 0x80 == 0 ? decoded : nil
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Reads the pieces of ISO 8601 text.
struct ISO8601Scanner {
    let bytes: [UInt8]
    var position = 0

    init(_ text: String) { bytes = Array(text.utf8.prefix(64)) }

    var isAtEnd: Bool { position == bytes.count }
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Exactly so many digits.
    mutating func number(_ digits: Int) -> Int? {
        guard bytes.count - position >= digits else { return nil }
        var value = 0
        for index in position..<(position + digits) {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        position += digits
        return value
    }

    /// `2030-01-02`, `20300102`, `2030-01`.
    mutating func date() -> CivilDate? {
        guard let year = number(4) else { return nil }
        let extended = take(UInt8(ascii: "-"))
        guard let month = number(2) else { return nil }
        if extended {
            guard take(UInt8(ascii: "-")) else { return isAtEnd ? CivilDate(year: year, month: month, day: 1) : nil }
        }
        return number(2).flatMap { CivilDate(year: year, month: month, day: $0) }
    }

    /// `03`, `03:04`, `03:04:05`, each also without colons, with a fraction after the seconds, as microseconds
    /// since midnight. Digits after the sixth are dropped, as in Python. `24:00` is the end of the day.
    mutating func time() -> Int? {
        guard let hour = number(2) else { return nil }
        var minute = 0
        var second = 0
        var micro = 0
        let extended = take(UInt8(ascii: ":"))
        if extended || isDigit {
            guard let value = number(2) else { return nil }
            minute = value
            if extended ? take(UInt8(ascii: ":")) : isDigit {
                guard let value = number(2) else { return nil }
                second = value
                if take(UInt8(ascii: ".")) || take(UInt8(ascii: ",")) {
                    guard let value = fraction() else { return nil }
                    micro = value
                }
            }
        }
        guard minute < 60, second < 60, hour < 24 || (hour == 24 && minute + second + micro == 0) else { return nil }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro
    }

    private var isDigit: Bool { next.map { $0 &- UInt8(ascii: "0") < 10 } ?? false }

    private mutating func fraction() -> Int? {
        guard isDigit else { return nil }
        var value = 0
        var digits = 0
        while isDigit, let byte = next {
            if digits < 6 {
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
                digits += 1
            }
            position += 1
        }
        for _ in digits..<6 { value *= 10 }
        return value
    }

    /// `Z`, `+05:30`, `+0530`, `+05`, in seconds east of UTC; `.some(nil)` when the text ends here: naive.
    mutating func offset() -> Int?? {
        if isAtEnd { return .some(nil) }
        if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return isAtEnd ? 0 : .none }
        let negative = take(UInt8(ascii: "-"))
        guard negative || take(UInt8(ascii: "+")) else { return .none }
        guard let time = time(), isAtEnd, time < 86_400_000_000 else { return .none }
        let seconds = time / 1_000_000
        return negative ? -seconds : seconds
    }
}

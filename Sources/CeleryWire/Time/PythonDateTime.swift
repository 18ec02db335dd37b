//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The parts of a Python `datetime` in ISO 8601 text.
struct PythonDateTime: Equatable {
    var date: CivilDate
    /// Microseconds since midnight.
    var time: Int
    /// Seconds east of UTC; nil when naive.
    var offset: Int?

    /// Reads a date, or a date and a time behind `T` or another single separator.
    init?(_ text: String) {
        var scanner = ISO8601Scanner(text)
        guard let date = scanner.date() else { return nil }
        self.date = date
        time = 0
        if scanner.isAtEnd { return }
        guard let separator = scanner.next, separator &- UInt8(ascii: "0") >= 10, separator < 0x80 else { return nil }
        scanner.position += 1
        guard let time = scanner.time(), case .some(let offset) = scanner.offset() else { return nil }
        self.time = time
        self.offset = offset
    }

    /// `2030-01-02`.
    var dateText: String {
        var bytes: [UInt8] = []
        ISO8601Writer.append(date, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Microseconds since 1970-01-01 UTC; a naive time means UTC.
    var microseconds: Int64 {
        Int64(date.daysSince1970) * 86_400_000_000 + Int64(time) - Int64(offset ?? 0) * 1_000_000
    }
}

/// The parts of a Python `time` in ISO 8601 text.
struct PythonTime: Equatable {
    /// Microseconds since midnight.
    var time: Int
    /// Seconds east of UTC; nil when naive.
    var offset: Int?

    init?(_ text: String) {
        var scanner = ISO8601Scanner(text)
        guard let time = scanner.time(), time < 86_400_000_000, case .some(let offset) = scanner.offset() else {
            return nil
        }
        self.time = time
        self.offset = offset
    }
}

/// Writes ISO 8601 as Python's `isoformat` does.
enum ISO8601Writer {
    @inline(__always)
    static func append(_ value: Int, digits: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    static func append(_ date: CivilDate, to bytes: inout [UInt8]) {
        append(date.year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(date.month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(date.day, digits: 2, to: &bytes)
    }

    /// `03:04:05.678900`; the fraction is left out when it is zero.
    static func append(time: Int, to bytes: inout [UInt8]) {
        let seconds = time / 1_000_000
        append(seconds / 3600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(seconds % 60, digits: 2, to: &bytes)
        guard time % 1_000_000 != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        append(time % 1_000_000, digits: 6, to: &bytes)
    }
}

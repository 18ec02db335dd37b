//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Writes times as Python's logging does: local time with milliseconds after a comma.
///
/// The text of a second is kept, since many lines fall into one.
final class LogClock: Sendable {
    private struct State {
        var second: Int64 = .min
        var text = ""
    }

    private let state = Mutex(State())

    /// `2026-11-22 12:00:00,123`.
    func text(_ time: Timestamp) -> String {
        let second = time.microseconds / 1_000_000
        let head = state.withLock { state in
            if state.second != second { state = State(second: second, text: Self.format(second)) }
            return state.text
        }
        return head + "," + Self.pad(Int(time.microseconds % 1_000_000 / 1000), 3)
    }

    private static func format(_ second: Int64) -> String {
        var value = time_t(second)
        var parts = tm()
        localtime_r(&value, &parts)
        return "\(Int(parts.tm_year) + 1900)-\(pad(Int(parts.tm_mon) + 1, 2))-\(pad(Int(parts.tm_mday), 2)) "
            + "\(pad(Int(parts.tm_hour), 2)):\(pad(Int(parts.tm_min), 2)):\(pad(Int(parts.tm_sec), 2))"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

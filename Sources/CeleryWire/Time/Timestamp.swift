//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A moment in wall-clock time, in whole microseconds since 1970-01-01 UTC: the precision of Python's datetimes.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Seconds since 1970-01-01 UTC, saturating at the ends of the range; NaN is 1970-01-01.
    public init(unixSeconds: Double) {
        // Whole seconds apart, as Python does it: multiplied by a million they leave no room for the digit to round by.
        let whole = unixSeconds.rounded(.down)
        let fraction = ((unixSeconds - whole) * 1e6).rounded(.toNearestOrEven)
        let rounded = whole * 1e6 + (whole.isFinite ? fraction : 0)
        microseconds = Int64(exactly: rounded) ?? (rounded.isNaN ? 0 : rounded < 0 ? .min : .max)
    }

    /// The system's wall clock.
    public static var now: Timestamp {
        var spec = timespec()
        clock_gettime(CLOCK_REALTIME, &spec)
        return Timestamp(microseconds: Int64(spec.tv_sec) * 1_000_000 + Int64(spec.tv_nsec) / 1000)
    }

    public var unixSeconds: Double { Double(microseconds) / 1e6 }
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }
    public var description: String { iso8601 }

    /// Adds a duration, saturating at the ends of the range.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (product, over1) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (delta, over2) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        let (sum, over3) = microseconds.addingReportingOverflow(delta)
        if over1 || over2 || over3 { return Timestamp(microseconds: seconds < 0 ? .min : .max) }
        return Timestamp(microseconds: sum)
    }

    /// The time from another moment to this one; negative when this one is earlier, saturating.
    public func since(_ other: Timestamp) -> Duration {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(other.microseconds)
        return .microseconds(overflow ? (microseconds < 0 ? .min : .max) : difference)
    }
}

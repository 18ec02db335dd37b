//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A moment of the clock that nobody sets, in nanoseconds; for deadlines and leases within this process.
struct MonotonicTime: Sendable, Comparable {
    var nanoseconds: Int64

    static let never = MonotonicTime(nanoseconds: .max)

    static var now: MonotonicTime {
        var spec = timespec()
        clock_gettime(CLOCK_MONOTONIC, &spec)
        return MonotonicTime(nanoseconds: Int64(spec.tv_sec) * 1_000_000_000 + Int64(spec.tv_nsec))
    }

    static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.nanoseconds < b.nanoseconds }

    func advanced(by duration: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = duration.components
        let (product, over1) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (delta, over2) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        let (sum, over3) = nanoseconds.addingReportingOverflow(delta)
        if over1 || over2 || over3 { return seconds < 0 ? MonotonicTime(nanoseconds: .min) : .never }
        return MonotonicTime(nanoseconds: sum)
    }

    func since(_ other: MonotonicTime) -> Duration { .nanoseconds(nanoseconds - other.nanoseconds) }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension Timestamp {
    /// `2030-01-02T03:04:05.678900+00:00`: what Celery writes for an aware UTC datetime.
    ///
    /// As in Python's `isoformat`, the fraction is left out when it is zero. Moments outside the years 1 to 9999 are
    /// written as the first or last that Python has.
    public var iso8601: String {
        let clamped = min(max(microseconds, -62_135_596_800_000_000), 253_402_300_799_999_999)
        let dayLength: Int64 = 86_400_000_000
        var days = clamped / dayLength
        var time = clamped % dayLength
        if time < 0 {
            days -= 1
            time += dayLength
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        ISO8601Writer.append(CivilDate(daysSince1970: Int(days)), to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        ISO8601Writer.append(time: Int(time), to: &bytes)
        bytes.append(contentsOf: "+00:00".utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads what Python's `dateutil.isoparse` accepts in messages; naive text means UTC.
    ///
    /// A date (`2030-01-02`, `20300102`, `2030-01`), optionally behind `T`, a space or another separator a time
    /// (`03`, `03:04`, `03:04:05.6789`, each also without colons) and `Z`, `+hh:mm`, `+hhmm` or `+hh`. Nil for
    /// anything else; week and ordinal dates are not read.
    public init?(iso8601 text: String) {
        guard let parts = PythonDateTime(text) else { return nil }
        self.init(microseconds: parts.microseconds)
    }
}

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

/// What events say about the program that sends them.
package enum FleetIdentity {
    /// `sw_ident`; Python's is `py-celery`.
    package static let name = "swift-celery"
    /// `sw_ver`: this project's version.
    package static let version = "0.1.0"
    /// `sw_sys`.
    package static let system: String = {
        var names = utsname()
        uname(&names)
        return withUnsafeBytes(of: names.sysname) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }()
}

extension Host {
    /// How far local time is behind UTC, in hours: positive to the west, as events have it.
    package static var utcOffset: Double {
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        return local.tm_gmtoff == 0 ? 0 : -Double(local.tm_gmtoff) / 3600
    }
}

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

/// `--umask`: which permissions files do not get.
enum FileMask {
    /// Reads octal digits after a leading 0: `022`.
    ///
    /// Celery takes digits without the 0 for a decimal number, which is hardly ever meant: that is refused here.
    /// - Throws: ``CommandFailure`` that says how to write it.
    static func parse(_ text: String, command: String) throws(CommandFailure) -> mode_t {
        let isOctal = text.hasPrefix("0") || text.count == 1
        guard isOctal, let mask = mode_t(text, radix: 8), mask <= 0o777 else {
            throw .usage("--umask is '\(text)'; it has to be octal digits after a 0, for example 027", help: command)
        }
        return mask
    }
}

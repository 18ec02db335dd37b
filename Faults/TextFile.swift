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
#elseif canImport(Darwin)
import Darwin
#endif

/// Appending text to a file.
enum TextFile {
    static func append(_ text: String, to path: String) throws {
        guard let file = fopen(path, "a") else { throw HarnessError("cannot write \(path): errno \(errno)") }
        fputs(text, file)
        fclose(file)
    }
}

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

/// Counts what any number of processes do, outside of the system under test: one byte each, so that its size is the count.
struct CountingFile: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HarnessError("cannot open \(path): errno \(errno)") }
    }

    func count() {
        var byte: UInt8 = 46
        _ = write(descriptor, &byte, 1)
    }
}

extension CampaignEnvironment {
    /// Counts the ticks that were sent, and those that ran.
    var sentTicks: String { ledger + ".sent" }
    var runTicks: String { ledger + ".run" }
}

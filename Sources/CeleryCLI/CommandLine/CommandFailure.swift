//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Why a command ends without having done its work: what to print and the exit code.
struct CommandFailure: Error, CustomStringConvertible {
    /// One or two lines for a person.
    var message: String
    var code: ExitStatus
    /// Command whose help page is to be pointed at: `worker`; empty for the top one.
    var help: String?

    init(_ message: String, code: ExitStatus = .failure, help: String? = nil) {
        self.message = message
        self.code = code
        self.help = help
    }

    var description: String { message }

    /// The command line is wrong.
    static func usage(_ message: String, help: String = "") -> CommandFailure {
        CommandFailure(message, code: .usage, help: help)
    }
}

/// Exit codes, Celery's (which are those of `sysexits.h`).
enum ExitStatus: Int32 {
    case ok = 0
    case failure = 1
    /// The command line is wrong.
    case usage = 64
    /// The broker cannot be reached, or nobody answered.
    case unavailable = 69
    /// A file cannot be created: the PID file belongs to a running process.
    case cantCreate = 73
}

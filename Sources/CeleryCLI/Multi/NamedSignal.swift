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

/// A signal by its name: `TERM`.
struct NamedSignal: Equatable, Sendable {
    var name: String
    var number: Int32

    static let term = NamedSignal(name: "TERM", number: SIGTERM)
    static let kill = NamedSignal(name: "KILL", number: SIGKILL)

    /// Those that somebody might send to a worker.
    private static let all = [
        NamedSignal(name: "HUP", number: SIGHUP), NamedSignal(name: "INT", number: SIGINT),
        NamedSignal(name: "QUIT", number: SIGQUIT), NamedSignal(name: "ABRT", number: SIGABRT),
        kill, term, NamedSignal(name: "USR1", number: SIGUSR1), NamedSignal(name: "USR2", number: SIGUSR2),
        NamedSignal(name: "ALRM", number: SIGALRM), NamedSignal(name: "CONT", number: SIGCONT),
        NamedSignal(name: "STOP", number: SIGSTOP), NamedSignal(name: "TSTP", number: SIGTSTP),
    ]

    private init(name: String, number: Int32) { (self.name, self.number) = (name, number) }

    /// `-TERM`, `-SIGTERM`, `-15`; nil for any other option.
    init?(option: String) {
        guard option.hasPrefix("-") else { return nil }
        let text = String(option.dropFirst())
        let found = Self.all.first {
            text == $0.name || text == "SIG" + $0.name || Int32(text) == $0.number
        }
        guard let found else { return nil }
        self = found
    }
}

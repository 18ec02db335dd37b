//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Listens for signals on a thread of its own, so that they are heard while every other thread is stuck. One in a process at a
/// time, until the process ends.
enum SignalListener {
    /// Other handlers of these signals are replaced.
    ///
    /// - Parameter onSignal: Called on that thread, for one signal after the other.
    /// - Throws: ``CommandFailure`` when the system has no pipe or thread left.
    static func listen(
        _ numbers: [Int32],
        _ onSignal: @escaping @Sendable (Int32) -> Void
    ) throws(CommandFailure) {
        let descriptor = celery_signals_open()
        guard descriptor >= 0 else {
            throw CommandFailure("cannot listen for signals: \(String(cString: strerror(-descriptor)))")
        }
        _ = try NamedThread("celery-signals") {
            while true {
                let number = celery_signals_next(descriptor)
                guard number > 0 else { return }
                onSignal(number)
            }
        }
        for number in numbers { celery_signals_listen(number) }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Lets the system handle them again, for the program that takes this one's place.
    static func forget(_ numbers: [Int32]) {
        for number in numbers { celery_signals_forget(number) }
        celery_signals_unblock()
    }
}

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

/// A thread of the process's own, for what waits in the system and must not hold up tasks.
struct NamedThread: Sendable {
    private var handle: UInt

    /// Starts it.
    ///
    /// - Parameter name: Cut at 15 bytes.
    /// - Throws: ``CommandFailure`` when the system has no thread left.
    init(_ name: String, _ run: @escaping @Sendable () -> Void) throws(CommandFailure) {
        let body = Unmanaged.passRetained(Body(run))
        var handle: UInt = 0
        let failure = celery_thread_start(
            name,
            { context in
                guard let context else { return }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            },
            body.toOpaque(),
            &handle
        )
        guard failure == 0 else {
            body.release()
            throw CommandFailure("cannot start the thread \(name): \(String(cString: strerror(failure)))")
        }
        self.handle = handle
    }

    /// Waits for its end; once at most.
    func join() { celery_thread_join(handle) }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

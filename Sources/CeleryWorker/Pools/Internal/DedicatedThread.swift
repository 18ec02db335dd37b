//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform

/// A thread of our own, for what may block or must not wait for Swift's cooperative threads.
struct DedicatedThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let handle: UInt

    /// Starts it. It ends when the body returns, and must be joined.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(PoolError) {
        let box = Unmanaged.passRetained(Body(body))
        var handle: UInt = 0
        let error = celery_thread_start(
            name,
            { context in
                guard let context else { return }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            },
            box.toOpaque(),
            &handle
        )
        guard error == 0 else {
            box.release()
            throw PoolError(.noResources, "cannot start the thread \"\(name)\": \(SystemError(error))")
        }
        self.handle = handle
    }

    /// Waits for its end. Call it once, from another thread.
    func join() { celery_thread_join(handle) }
}

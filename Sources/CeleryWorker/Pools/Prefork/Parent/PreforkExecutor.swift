//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Lets Swift tasks run on the pool's thread: those that feed it, and take its outcomes, wake no other thread.
///
/// They run while nobody holds the lock around ``PreforkDriver``: one that blocks holds up neither a kill nor a hard time limit.
/// Before the thread has started they wait for it; when it has ended they go on on Swift's own threads.
final class PreforkExecutor: TaskExecutor, Sendable {
    private let inbox: PreforkInbox

    init(_ inbox: PreforkInbox) { self.inbox = inbox }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if !inbox.post(job) { globalConcurrentExecutor.enqueue(job) }
    }

    /// Runs what is there. On the pool's thread.
    func runWaiting(_ buffer: inout [UnownedJob]) {
        guard inbox.exchange(&buffer) else { return }
        let executor = asUnownedTaskExecutor()
        for job in buffer { job.runSynchronously(on: executor) }
    }

    /// Passes on what came before the thread ended, or did not start.
    func passOn() {
        var left: [UnownedJob] = []
        _ = inbox.exchange(&left)
        for job in left { globalConcurrentExecutor.enqueue(job) }
    }
}

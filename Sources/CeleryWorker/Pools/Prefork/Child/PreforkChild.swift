//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryKit
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The other end of a ``PreforkPool``: turns this process into a child that runs tasks.
public enum PreforkChild {
    /// Whether this process was started as a pool's child. Cheap: two strings are looked at.
    public static var isChild: Bool {
        guard let last = CommandLine.arguments.last, ChildMarker.isArgument(last) else { return false }
        return getenv(ChildMarker.variable) != nil
    }

    /// Runs tasks until the parent says that it is enough, or is gone; then the process exits.
    ///
    /// Call it as early in `main` as possible, and only when ``isChild``. Tasks run on a thread of their own, so that the
    /// main actor stays free for code that wants it.
    /// - Parameters:
    ///   - runner: Runs one task.
    ///   - adopt: Called once before the first task with connections that reach the parent's.
    ///   - dismissed: Called when the parent needs it no longer, with the code that it exits with then.
    public static func run(
        _ runner: @escaping PoolRunner,
        adopt: @Sendable (PoolServices) -> Void,
        dismissed: @escaping @Sendable (Int32) -> Void = { _ in }
    ) async -> Never {
        guard isChild, let text = getenv(ChildMarker.variable), let facts = ChildMarker.parse(String(cString: text))
        else { quit("this process is no pool's child") }
        // What it starts itself is no child of the pool.
        unsetenv(ChildMarker.variable)
        prepare(parent: facts.parent)
        do {
            let control = ChildSocket(CELERY_CHILD_CONTROL_FD, limit: facts.frameLimit)
            let link = ChildLink(control: control)
            let services = try welcome(control, link)
            adopt(services)
            let loop = ChildLoop(
                data: ChildSocket(CELERY_CHILD_DATA_FD, limit: facts.frameLimit),
                link: link,
                runner: runner,
                reportsMemory: facts.reportsMemory
            )
            // What stands in the program before its tasks is behind it, and each child would keep it.
            celery_forget_startup()
            _ = try DedicatedThread(name: "celery-control") { ChildControl(control, loop, link, dismissed).run() }
            _ = try DedicatedThread(name: "celery-task") { loop.run() }
        } catch {
            quit("\(error)")
        }
        // The two threads have the rest; one of them ends the process.
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        exitNow(0)
    }

    /// Ends with the parent, ignores Ctrl-C, and keeps the sockets from what the tasks start.
    private static func prepare(parent: Int32) {
        _ = celery_die_with_parent()
        // It may have died before that was asked for.
        guard getppid() == parent else { exitNow(0) }
        _ = fcntl(CELERY_CHILD_DATA_FD, F_SETFD, FD_CLOEXEC)
        _ = fcntl(CELERY_CHILD_CONTROL_FD, F_SETFD, FD_CLOEXEC)
        _ = signal(SIGINT, SIG_IGN)
        _ = signal(SIGPIPE, SIG_IGN)
    }

    private static func welcome(_ control: ChildSocket, _ link: ChildLink) throws(FrameError) -> PoolServices {
        guard
            let facts = try control.receive({ kind, fields throws(FrameError) -> ServiceFacts in
                guard kind == .welcome else { throw FrameError("\(kind) comes before welcome") }
                return try fields.facts()
            })
        else { exitNow(0) }
        return PoolServices(
            transport: ChildTransport(facts: facts, link: link),
            backend: ChildResultBackend(facts: facts, link: link)
        )
    }

    /// Ends at once: no handler of the user's runs. For when the parent is gone or nothing can be said any more.
    static func exitNow(_ code: Int32) -> Never { _exit(code) }

    static func quit(_ message: String) -> Never {
        let text = "celery pool child \(getpid()): \(message)\n"
        _ = text.utf8.withContiguousStorageIfAvailable { write(2, $0.baseAddress, $0.count) }
        _exit(70)
    }
}

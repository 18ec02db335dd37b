//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Listens for signals on a queue of its own, so that they are heard while every other thread is stuck.
final class WorkerSignals: Sendable {
    /// What the worker is asked for.
    struct Actions: Sendable {
        var shutDown: @Sendable (ShutdownEscalation.Action.Step) -> Void
        /// SIGHUP: stop warm, then start anew.
        var restart: (@Sendable () -> Void)?
        /// SIGUSR1: say what goes on.
        var dump: @Sendable () -> Void
    }

    private let state: Mutex<ShutdownEscalation>
    private let actions: Actions
    private let queue = DispatchQueue(label: "celery.signals", qos: .userInteractive)
    private let sources = Mutex<[Source]>([])

    /// Keeps a source alive.
    private struct Source: @unchecked Sendable {
        // Safe: dispatch sources may be used from any thread; here they are only kept.
        let source: any DispatchSourceSignal
    }

    init(_ escalation: ShutdownEscalation, actions: Actions) {
        state = Mutex(escalation)
        self.actions = actions
    }

    /// Exit code for what came so far.
    var exitCode: ExitStatus { state.withLock { $0.exitCode } }

    /// Listens until the process ends. Other handlers of these signals are replaced.
    func install() {
        listen(SIGTERM) { self.receive(.terminate) }
        listen(SIGINT) { self.receive(.interrupt) }
        listen(SIGQUIT) { self.receive(.quit) }
        listen(SIGUSR1) { self.actions.dump() }
        if let restart = actions.restart { listen(SIGHUP, restart) }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGUSR2, SIG_IGN)
    }

    private func listen(_ number: Int32, _ handler: @escaping @Sendable () -> Void) {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler(handler: handler)
        source.activate()
        let kept = Source(source: source)
        sources.withLock { $0.append(kept) }
    }

    private func receive(_ signal: ShutdownEscalation.Signal) {
        guard let action = state.withLock({ $0.receive(signal) }) else { return }
        Terminal.complain(action.lines.joined(separator: "\n"))
        // Nothing that could wait for a stuck thread: no exit handlers, no flushing of standard streams.
        if action.step == .hard { _exit(ExitStatus.failure.rawValue) }
        actions.shutDown(action.step)
    }
}

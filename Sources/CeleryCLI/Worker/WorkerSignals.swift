//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a worker does about signals.
final class WorkerSignals: Sendable {
    /// What the worker is asked for.
    struct Actions: Sendable {
        var shutDown: @Sendable (ShutdownEscalation.Action.Step, _ signal: Int32, _ exitCode: ExitStatus) -> Void
        /// SIGHUP: stop warm, then start anew.
        var restart: @Sendable () -> Void
        /// SIGUSR1: say what goes on.
        var dump: @Sendable () -> Void
    }

    private let state: Mutex<ShutdownEscalation>
    private let actions: Actions

    init(_ escalation: ShutdownEscalation, actions: Actions) {
        state = Mutex(escalation)
        self.actions = actions
    }

    /// Exit code for what came so far.
    var exitCode: ExitStatus { state.withLock { $0.exitCode } }

    /// What a worker reacts to.
    private static let numbers = [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1]

    /// Listens until the process ends. Other handlers of these signals are replaced.
    ///
    /// - Throws: ``CommandFailure`` when the system has no pipe or thread left.
    func install() throws(CommandFailure) {
        try SignalListener.listen(Self.numbers) { [self] in receive($0) }
        signal(SIGUSR2, SIG_IGN)
    }

    /// Lets the system handle them again, for the program that takes this one's place.
    static func reset() { SignalListener.forget(numbers + [SIGUSR2]) }

    private func receive(_ number: Int32) {
        switch number {
        case SIGTERM: shutDown(.terminate, number)
        case SIGINT: shutDown(.interrupt, number)
        case SIGQUIT: shutDown(.quit, number)
        case SIGHUP: actions.restart()
        case SIGUSR1: actions.dump()
        default: break
        }
    }

    private func shutDown(_ signal: ShutdownEscalation.Signal, _ number: Int32) {
        guard let action = state.withLock({ $0.receive(signal) }) else { return }
        Terminal.complain(action.lines.joined(separator: "\n"))
        // Nothing that could wait for a stuck thread: no exit handlers, no flushing of standard streams.
        if action.step == .hard { _exit(ExitStatus.failure.rawValue) }
        actions.shutDown(action.step, number, exitCode)
    }
}

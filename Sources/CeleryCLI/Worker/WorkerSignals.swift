//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Listens for signals on a thread of its own, so that they are heard while every other thread is stuck.
final class WorkerSignals: Sendable {
    /// What the worker is asked for.
    struct Actions: Sendable {
        var shutDown: @Sendable (ShutdownEscalation.Action.Step) -> Void
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
        let descriptor = celery_signals_open()
        guard descriptor >= 0 else { throw CommandFailure("cannot listen for signals: \(LogSink.lastError)") }
        let body = Unmanaged.passRetained(Listener(descriptor: descriptor, signals: self))
        var handle: UInt = 0
        let failure = celery_thread_start(
            "celery-signals",
            { context in
                guard let context else { return }
                Unmanaged<Listener>.fromOpaque(context).takeRetainedValue().run()
            },
            body.toOpaque(),
            &handle
        )
        guard failure == 0 else {
            body.release()
            throw CommandFailure("cannot listen for signals: \(String(cString: strerror(failure)))")
        }
        for number in Self.numbers { celery_signals_listen(number) }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGUSR2, SIG_IGN)
    }

    /// Lets the system handle them again, for the program that takes this one's place.
    static func reset() {
        for number in numbers + [SIGUSR2] { celery_signals_forget(number) }
        celery_signals_unblock()
    }

    /// What the thread runs: it lives as long as the process.
    private final class Listener: Sendable {
        let descriptor: Int32
        let signals: WorkerSignals

        init(descriptor: Int32, signals: WorkerSignals) {
            self.descriptor = descriptor
            self.signals = signals
        }

        func run() {
            while true {
                let number = celery_signals_next(descriptor)
                guard number > 0 else { return }
                signals.receive(number)
            }
        }
    }

    private func receive(_ number: Int32) {
        switch number {
        case SIGTERM: shutDown(.terminate)
        case SIGINT: shutDown(.interrupt)
        case SIGQUIT: shutDown(.quit)
        case SIGHUP: actions.restart()
        case SIGUSR1: actions.dump()
        default: break
        }
    }

    private func shutDown(_ signal: ShutdownEscalation.Signal) {
        guard let action = state.withLock({ $0.receive(signal) }) else { return }
        Terminal.complain(action.lines.joined(separator: "\n"))
        // Nothing that could wait for a stuck thread: no exit handlers, no flushing of standard streams.
        if action.step == .hard { _exit(ExitStatus.failure.rawValue) }
        actions.shutDown(action.step)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What the worker does about signals that end it: a first, a second, a third one.
///
/// Source: section "Worker shutdown" of Celery's user guide.
struct ShutdownEscalation: Sendable {
    /// What arrived.
    enum Signal: Sendable {
        case terminate
        case interrupt
        case quit
    }

    /// What to do now.
    struct Action: Equatable, Sendable {
        enum Step: Sendable {
            case warm
            case soft
            case cold
            /// Leave at once.
            case hard
        }

        var step: Step
        /// Printed, line by line.
        var lines: [String]
    }

    private enum Stage: Int {
        case running, warm, soft, cold
    }

    private var stage = Stage.running
    private let softTimeout: Double
    private let terminateIsQuit: Bool

    /// Exit code of the process when it ends because of what came so far.
    private(set) var exitCode = ExitStatus.ok

    /// - Parameters:
    ///   - softTimeout: `worker_soft_shutdown_timeout` in seconds; 0 is no soft shutdown.
    ///   - terminateIsQuit: `REMAP_SIGTERM=SIGQUIT`.
    init(softTimeout: Double = 0, terminateIsQuit: Bool = false) {
        self.softTimeout = softTimeout
        self.terminateIsQuit = terminateIsQuit
    }

    /// Nil when there is nothing to do about it.
    mutating func receive(_ signal: Signal) -> Action? {
        switch signal == .terminate && terminateIsQuit ? .quit : signal {
        case .terminate:
            guard stage == .running else { return nil }
            stage = .warm
            return Action(step: .warm, lines: ["worker: Warm shutdown (MainProcess)"])
        case .interrupt where stage == .running:
            stage = .warm
            exitCode = .failure
            return Action(
                step: .warm,
                lines: [
                    "worker: Hitting Ctrl+C again will initiate cold shutdown, terminating all running tasks!",
                    "worker: Warm shutdown (MainProcess)",
                ]
            )
        case .interrupt, .quit: return harder()
        }
    }

    private mutating func harder() -> Action {
        exitCode = .failure
        switch stage {
        case .running, .warm:
            guard softTimeout > 0 else { return cold() }
            stage = .soft
            let seconds =
                softTimeout.rounded() == softTimeout && softTimeout < 1e9 ? "\(Int(softTimeout))" : "\(softTimeout)"
            return Action(
                step: .soft,
                lines: ["worker: Soft shutdown (MainProcess): running tasks have \(seconds) s"]
            )
        case .soft: return cold()
        case .cold: return Action(step: .hard, lines: ["worker: Hard shutdown (MainProcess)"])
        }
    }

    private mutating func cold() -> Action {
        stage = .cold
        return Action(
            step: .cold,
            lines: [
                "worker: Hitting Ctrl+C again will leave at once!", "worker: Cold shutdown (MainProcess)",
            ]
        )
    }
}

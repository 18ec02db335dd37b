//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Logging

/// The log lines of a worker, worded as Celery words them: people and `logtool` read them.
struct WorkerLog: Sendable {
    let logger: Logger

    func received(_ message: Message) {
        logger.info("Task \(message.headers.label) received", metadata: metadata(message))
    }

    func ended(_ message: Message, _ end: RunEnd, _ decision: SettlementDecision, runtime: Duration) {
        // Made only where they are logged.
        var label: String { message.headers.label }
        var metadata: Logger.Metadata { self.metadata(message) }
        switch decision.stored {
        case .success(let value):
            var repr: String {
                guard case .reported(let report) = end, case .success(_, let text) = report.outcome else { return "" }
                return text
            }
            logger.info(
                "Task \(label) succeeded in \(runtime.inSeconds)s: \(repr.isEmpty ? value.repr : repr)",
                metadata: metadata
            )
        case .failure(let failure):
            let text = failure.traceback.map { "\n\($0)" } ?? ""
            if case .reported(let report) = end, case .rejected(_, let requeue) = report.outcome {
                logger.warning(
                    "Task \(label) reject requeue=\(requeue ? "True" : "False"): \(failure.exception.repr)",
                    metadata: metadata
                )
            } else if failure.isExpected {
                logger.info("Task \(label) raised expected: \(failure.exception.repr)", metadata: metadata)
            } else {
                logger.error("Task \(label) raised unexpected: \(failure.exception.repr)\(text)", metadata: metadata)
            }
        case .retry(let failure):
            logger.info("Task \(label) retry: \(failure.exception.repr)", metadata: metadata)
        case .revoked(let reason):
            logger.info("Discarding revoked task: \(label) (\(reason))", metadata: metadata)
        case .nothing:
            if case .requeue = decision.disposition {
                logger.warning("Task \(label) reject requeue=True", metadata: metadata)
            } else {
                logger.info("Task \(label) ignored", metadata: metadata)
            }
        }
    }

    func revoked(_ message: Message, reason: String) {
        logger.info("Discarding revoked task: \(message.headers.label) (\(reason))", metadata: metadata(message))
    }

    func terminating(_ message: Message, signal: String) {
        logger.info("Terminating \(message.headers.id) (\(signal))", metadata: metadata(message))
    }

    func alreadySucceeded(_ message: Message) {
        logger.info("Task \(message.headers.label) ignored: it has succeeded before", metadata: metadata(message))
    }

    func endedWithoutRun(_ message: Message, _ failure: TaskFailure) {
        logger.error("Task \(message.headers.label) not run: \(failure.exception.repr)", metadata: metadata(message))
    }

    func deadLettered(_ queue: String, _ disposition: Settlement.Disposition) {
        guard case .deadLetter(let reason) = disposition else { return }
        logger.critical(
            "Message set aside: \(reason.code): \(reason.detail)",
            metadata: ["celery.queue": "\(queue)"]
        )
    }

    func softLimit(_ message: Message, seconds: Double) {
        logger.warning("Soft time limit (\(seconds)s) exceeded for \(message.headers.label)")
    }

    func hardLimit(_ message: Message, seconds: Double) {
        logger.error("Hard time limit (\(seconds)s) exceeded for \(message.headers.label)")
    }

    func autoscale(from: Int, to: Int) {
        logger.info("Scaling \(to > from ? "up" : "down") \(abs(to - from)) processes.")
    }

    func epochLost(_ error: TransportError) {
        logger.error(
            "consumer: was taken for dead; what it held went to others. Consuming again",
            metadata: ["error": "\(error)"]
        )
    }

    func brokerLost(_ error: any Error, location: String, wait: Duration, attempt: Int) {
        logger.error(
            "consumer: Cannot connect to \(location): \(error). Trying again in \(wait.inSeconds) seconds... (attempt \(attempt))"
        )
    }

    func brokerBack(location: String) { logger.info("consumer: Connected to \(location) again") }

    func closeFailed(_ error: any Error) {
        logger.error("consumer: could not give back what it held; that comes back by itself: \(error)")
    }

    /// Says once, at the start, what the pool cannot do although the settings ask for it.
    func limitations(
        of pool: any TaskPool,
        _ configuration: WorkerConfiguration,
        transport: any Transport,
        app: CeleryApp
    ) {
        if !pool.capabilities.hardKill {
            let limited = app.registeredTaskNames.filter { app.registeredTask($0)?.options.timeLimit != nil }
            if app.settings.taskTimeLimit != nil || !limited.isEmpty {
                logger.warning(
                    "the \(pool.name) pool cannot kill: at its hard time limit a task is only cancelled (use prefork)"
                )
            }
        }
        if !pool.capabilities.childLimits,
            configuration.maxTasksPerChild != nil || configuration.maxMemoryPerChild != nil
        {
            logger.warning("the \(pool.name) pool has no children: max-tasks and max-memory-per-child are ignored")
        }
        if configuration.ignoresAutoscale {
            logger.warning("the \(pool.name) pool cannot grow: autoscale is ignored (use prefork, threads or async)")
        }
        if let path = configuration.stateDB, configuration.stateFile(for: transport) == nil {
            logger.warning("--statedb \(path) is not needed: \(transport.location) keeps revoked tasks itself")
        }
    }

    func revocationsNotSaved(_ error: any Error) {
        logger.error("revoked tasks could not be saved; after a restart those are run that came since: \(error)")
    }

    func stateNotStored(_ state: TaskState, _ error: any Error) {
        logger.warning("the state \(state.rawValue) could not be stored: \(error)")
    }

    func beginFailed(_ error: any Error) {
        logger.error("tasks could not be marked as started; trying again: \(error)")
    }

    func settleFailed(_ error: any Error, count: Int) {
        logger.error("\(count) outcomes could not be stored; they wait and are tried again: \(error)")
    }

    func cannotSettle(_ error: any Error) {
        logger.critical("an outcome can never take effect; its message goes to the dead letters: \(error)")
    }

    func cannotCount(_ count: Int, location: String) {
        logger.error(
            """
            \(count) parts or starts of chords are not counted, and the bodies will never run: \(location) cannot count them; \
            set result_backend to a store that can, in all workers
            """
        )
    }

    func fenced(_ count: Int, _ error: any Error) {
        logger.error("\(count) outcomes came too late and have no effect: \(error)")
    }

    func shutdown(_ mode: ShutdownMode) {
        let word = mode == .warm ? "Warm" : mode == .soft ? "Soft" : "Cold"
        logger.warning("worker: \(word) shutdown (MainProcess)")
    }

    private func metadata(_ message: Message) -> Logger.Metadata {
        ["celery.task.id": "\(message.headers.id)", "celery.task.name": "\(message.headers.task)"]
    }
}

extension TaskHeaders {
    /// `name[id]`, with the display name when there is one.
    var label: String { "\(shadow ?? task)[\(id)]" }
}

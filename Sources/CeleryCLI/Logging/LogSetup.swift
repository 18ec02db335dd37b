//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import Logging
import Synchronization

/// Makes the process log as Celery does, once.
enum LogSetup {
    private static let isDone = Mutex(false)

    /// Installs the handler for all loggers, and returns the worker's own logger.
    ///
    /// A program that has called `LoggingSystem.bootstrap` itself keeps its own handler.
    /// - Throws: ``CommandFailure`` when the log file cannot be opened.
    static func install(
        path: String?,
        format: LogFormat,
        level: Logger.Level,
        terminal: Terminal,
        process: String,
        app: CeleryApp
    ) throws(CommandFailure) -> Logger {
        let output = CeleryLogHandler.Output(
            sink: try LogSink(path: path),
            format: format,
            terminal: terminal,
            process: process
        )
        let isFirst = isDone.withLock { isDone in
            defer { isDone = true }
            return !isDone
        }
        // The default handler is the sign that nobody has chosen one: a second bootstrap would be fatal.
        if isFirst, Logger(label: "celery").handler is StreamLogHandler {
            LoggingSystem.bootstrap(
                { CeleryLogHandler(label: $0, output: output, level: level, provider: $1) },
                metadataProvider: LoggingSystem.metadataProvider
            )
        }
        if app.logger.handler is StreamLogHandler { app.replaceLogger(Logger(label: "celery")) }
        return app.logger
    }
}

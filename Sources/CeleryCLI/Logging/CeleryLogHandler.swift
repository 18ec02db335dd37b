//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Logging

/// Writes log lines as Celery does; see ``LogFormat``.
struct CeleryLogHandler: LogHandler {
    /// What all loggers of the process share.
    struct Output: Sendable {
        var sink: LogSink
        var format: LogFormat
        var terminal: Terminal
        /// `MainProcess`, or the name of a pool's child.
        var process: String
        var clock = LogClock()
    }

    let label: String
    let output: Output
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String, output: Output, level: Logger.Level, provider: Logger.MetadataProvider? = nil) {
        self.label = label
        self.output = output
        logLevel = level
        metadataProvider = provider
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let given = event.metadata { merged.merge(given) { _, new in new } }
        let now = Timestamp.now
        let record = LogRecord(
            time: now,
            level: event.level,
            process: output.process,
            logger: label,
            message: event.message.description,
            metadata: merged
        )
        output.sink.write(output.format.line(record, terminal: output.terminal, clock: output.clock), at: now)
    }
}

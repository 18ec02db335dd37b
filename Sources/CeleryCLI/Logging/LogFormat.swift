//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit
import CeleryWire
import Logging

/// One thing that was logged.
struct LogRecord: Sendable {
    var time: Timestamp
    var level: Logger.Level
    /// `MainProcess`, `ForkPoolWorker-1`.
    var process: String
    var logger: String
    var message: String
    var metadata: Logger.Metadata

    static let taskName = "celery.task.name"
    static let taskID = "celery.task.id"

    /// `name[id]` for what a task logs; the worker's own lines have it in the message.
    var taskLabel: String? {
        guard let name = metadata[Self.taskName], let id = metadata[Self.taskID]?.description, !message.contains(id)
        else {
            return nil
        }
        return "\(name)[\(id)]"
    }
}

/// How lines look.
enum LogFormat: String, CaseIterable, CustomStringConvertible, Sendable {
    /// `[2026-11-22 12:00:00,123: INFO/MainProcess] message`.
    case text
    /// One JSON object a line.
    case json

    static func parse(_ text: String) throws -> LogFormat {
        guard let format = LogFormat(rawValue: text) else { throw ValidationError("there are: text, json") }
        return format
    }

    var description: String { rawValue }

    func line(_ record: LogRecord, terminal: Terminal, clock: LogClock) -> String {
        switch self {
        case .text: text(record, terminal: terminal, clock: clock)
        case .json: json(record)
        }
    }

    private func text(_ record: LogRecord, terminal: Terminal, clock: LogClock) -> String {
        let head = "[\(clock.text(record.time)): \(LogLevel.name(of: record.level))/\(record.process)] "
        var message = record.taskLabel.map { "\($0): " } ?? ""
        message += record.message
        let hidden = [LogRecord.taskName, LogRecord.taskID]
        let facts = record.metadata.filter { !hidden.contains($0.key) }.sorted { $0.key < $1.key }
        if !facts.isEmpty { message += " (" + facts.map { "\($0.key)=\($0.value)" }.joined(separator: " ") + ")" }
        message = Self.harmless(message)
        if let colour = Self.colour(record.level) { message = terminal.paint(message, colour) }
        return head + message + "\n"
    }

    /// Names, ids and errors come from whoever sends messages: nothing in them commands a terminal, or passes for a line of its own.
    ///
    /// Tracebacks keep their lines.
    private static func harmless(_ message: String) -> String {
        if message.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return message }
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated()
            .map { number, line in
                let text = line.replacing("\t", with: "        ")
                let clean = ScreenText.clean(String(text))
                return number > 0 && clean.hasPrefix("[") ? " " + clean : clean
            }
            .joined(separator: "\n")
    }

    private static func colour(_ level: Logger.Level) -> Terminal.Colour? {
        switch level {
        case .trace, .debug: .blue
        case .info, .notice: nil
        case .warning: .yellow
        case .error: .red
        case .critical: .magenta
        }
    }

    private func json(_ record: LogRecord) -> String {
        var object: CeleryObject = [
            "timestamp": .string(record.time.iso8601), "level": .string(LogLevel.name(of: record.level)),
            "process": .string(record.process), "logger": .string(record.logger), "message": .string(record.message),
        ]
        for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) { object[key] = Self.value(value) }
        return CeleryValue.object(object).settingJSON + "\n"
    }

    private static func value(_ metadata: Logger.Metadata.Value) -> CeleryValue {
        switch metadata {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(value))
        case .dictionary(let members):
            .object(members.sorted { $0.key < $1.key }.reduce(into: [:]) { $0[$1.key] = value($1.value) })
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation
import Logging
import Testing

@testable import CeleryCLI

@Suite struct LogFormatTests {
    private func record(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:]) -> LogRecord {
        LogRecord(
            time: Timestamp(microseconds: 1_795_608_000_123_456),
            level: level,
            process: "ForkPoolWorker-1",
            logger: "celery",
            message: message,
            metadata: metadata
        )
    }

    private func text(_ record: LogRecord, colour: Bool = false) -> String {
        LogFormat.text.line(record, terminal: Terminal(usesColour: colour), clock: LogClock())
    }

    @Test(arguments: [
        (Logger.Level.trace, "DEBUG"), (.debug, "DEBUG"), (.info, "INFO"), (.notice, "INFO"), (.warning, "WARNING"),
        (.error, "ERROR"), (.critical, "CRITICAL"),
    ])
    func aLineHasTimeLevelProcessAndMessage(level: Logger.Level, name: String) throws {
        let pattern = try Regex(#"^\[2026-11-2\d \d\d:\d\d:\d\d,123: \#(name)/ForkPoolWorker-1\] hello\n$"#)
        #expect(text(record(level, "hello")).contains(pattern), "\(text(record(level, "hello")))")
    }

    @Test func whatATaskLogsNamesTheTaskAndOtherFactsStandBehind() {
        let facts: Logger.Metadata = ["celery.task.name": "proj.add", "celery.task.id": "17", "size": "3", "at": "x"]
        #expect(text(record(.info, "hello", facts)).hasSuffix("] proj.add[17]: hello (at=x size=3)\n"))
        #expect(text(record(.info, "Task proj.add[17] received", facts)).contains("] Task proj.add[17] received ("))
    }

    @Test func aLevelHasItsColourOnATerminalOnly() {
        #expect(text(record(.error, "x"), colour: true).hasSuffix("] \u{1B}[1;31mx\u{1B}[0m\n"))
        #expect(text(record(.info, "x"), colour: true).hasSuffix("] x\n"))
        #expect(!text(record(.error, "x")).contains("\u{1B}"))
    }

    @Test func whatComesFromMessagesCommandsNoTerminalAndIsNoLineOfItsOwn() {
        let line = text(
            record(
                .info,
                "Task evil\u{1B}[2J\u{7}\u{9B}31m\n[2026-11-25 12:00:00,123: CRITICAL/MainProcess] all is lost"
            )
        )
        #expect(!line.unicodeScalars.contains { $0 != "\n" && ($0.value < 0x20 || (0x7f...0x9f).contains($0.value)) })
        #expect(line.split(separator: "\n").filter { $0.hasPrefix("[") }.count == 1)
        let traceback = "Traceback (most recent call last):\n  File \"ü.py\"\nKeyError: 'ü'"
        #expect(text(record(.error, traceback)).hasSuffix("] \(traceback)\n"))
    }

    @Test func aJSONLineIsOneObjectWhateverItSays() throws {
        let line = LogFormat.json.line(
            record(.warning, "a \"quote\"\nand\u{1}", ["celery.task.id": "17", "list": ["a", "b"]]),
            terminal: Terminal(usesColour: true),
            clock: LogClock()
        )
        #expect(line.filter { $0 == "\n" }.count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == "a \"quote\"\nand\u{1}")
        #expect(object["level"] as? String == "WARNING")
        #expect(object["timestamp"] as? String == "2026-11-25T12:00:00.123456+00:00")
        #expect(object["celery.task.id"] as? String == "17")
        #expect(object["list"] as? [String] == ["a", "b"])
    }

    @Test(arguments: [("info", LogLevel.info), ("WARNING", .warning), ("Fatal", .fatal)])
    func levelsAreReadInAnyCase(text: String, level: LogLevel) throws {
        #expect(try LogLevel.parse(text) == level)
    }
}

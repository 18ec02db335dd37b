//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// Dead letters for people and for scripts.
enum DeadLetterText {
    /// `proj.add[id]`, as far as it is known.
    static func label(_ letter: DeadLetter) -> String {
        switch (letter.taskName, letter.taskID) {
        case (let name?, let id?): "\(name)[\(id)]"
        case (let name?, nil): name
        case (nil, let id?): "[\(id)]"
        case (nil, nil): "(\(letter.raw.count) bytes)"
        }
    }

    static func object(_ letter: DeadLetter) -> CeleryObject {
        [
            "number": .int(Int(letter.number)), "task": letter.taskName.map { .string($0) } ?? .null,
            "id": letter.taskID.map { .string($0) } ?? .null, "queue": .string(letter.queue),
            "reason": .string(letter.reason.code), "detail": .string(letter.reason.detail),
            "died_at": .string(letter.diedAt.iso8601), "deaths": .int(letter.deaths),
        ]
    }

    /// All about one.
    ///
    /// - Parameter isTerminal: Whether it is shown on one: names and errors are anybody's, and give no commands to it.
    static func page(_ letter: DeadLetter, codec: WireCodec, isTerminal: Bool = Terminal.isOutput) -> String {
        let lines =
            [
                ("number", "\(letter.number)"), ("task", label(letter)), ("queue", letter.queue),
                ("reason", "\(letter.reason.code): \(letter.reason.detail)"), ("died at", letter.diedAt.iso8601),
                ("deaths", "\(letter.deaths)"),
            ] + DeadLetterMessage(letter.raw, codec: codec).lines
        let width = lines.map { $0.0.count + 2 }.max() ?? 0
        return
            lines.map { label, text in
                "\(label):" + String(repeating: " ", count: width - label.count - 1)
                    + (isTerminal ? ScreenText.clean(text) : text)
            }
            .joined(separator: "\n")
    }

    /// Says how many; that ids were named and none was found is a failure.
    static func report(_ count: Int, _ verb: String, wanted: [String], _ context: CommandContext) throws(CommandFailure)
    {
        if count == 0, !wanted.isEmpty {
            throw CommandFailure("there is no dead letter \(wanted.joined(separator: ", "))")
        }
        if !context.globals.isQuiet { Terminal.say("\(verb) \(count) dead \(count == 1 ? "letter" : "letters").") }
    }
}

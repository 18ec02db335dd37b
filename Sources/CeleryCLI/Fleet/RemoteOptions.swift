//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit
import CeleryWire

/// What `inspect`, `control` and `status` have in common.
struct RemoteOptions: ParsableArguments {
    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("How long to wait for replies.", valueName: "s")
    )
    var timeout = 1.0

    @Option(
        name: [.customShort("d", allowingJoined: true), .long],
        help: ArgumentHelp("Only these nodes.", valueName: "a,b")
    )
    var destination: NameList?

    @Flag(name: [.customShort("j"), .long], help: "Print JSON.")
    var json = false

    mutating func validate() throws {
        guard timeout > 0, timeout < 1e9 else {
            throw ValidationError("--timeout is \(timeout); it has to be a number of seconds above 0")
        }
    }

    var control: ControlOptions {
        ControlOptions(destination: destination?.names, timeout: .bounded(seconds: timeout))
    }
}

/// What a command of the command line takes: one of workers' commands with its arguments.
struct RemoteCall {
    var command: ControlCommand
    var arguments: CeleryObject

    /// - Throws: ``CommandFailure`` with code 64 for a command that there is not, and for words that it does not take.
    init(_ words: [String], kind: ControlCommand.Kind, app: CeleryApp) throws(CommandFailure) {
        let known = app.allControlCommands.filter { $0.kind == kind }
        let names = known.filter(\.isVisible).map(\.name)
        guard let name = words.first else {
            throw .usage("name a command; there are: \(names.joined(separator: ", "))", help: kind.rawValue)
        }
        guard let command = known.first(where: { $0.name == name && $0.isVisible }) else {
            throw .usage(
                "Command \(name) not recognized. Available \(kind.rawValue) commands: \(names.joined(separator: ", "))",
                help: kind.rawValue
            )
        }
        self.command = command
        arguments = try Self.arguments(of: command, Array(words.dropFirst()))
    }

    private static func arguments(
        of command: ControlCommand,
        _ words: [String]
    ) throws(CommandFailure) -> CeleryObject {
        var arguments = CeleryObject()
        for (parameter, word) in zip(command.parameters, words) {
            arguments[parameter.name] = try value(of: word, parameter, command)
        }
        let rest = words.dropFirst(command.parameters.count)
        if let variadic = command.variadic {
            arguments[variadic] = .array(rest.map { .string($0) })
        } else if !rest.isEmpty {
            let signature = command.signature.isEmpty ? "none" : command.signature
            throw .usage("Command '\(command.name)' takes arguments: \(signature)", help: command.kind.rawValue)
        }
        return arguments
    }

    /// As Celery reads them.
    private static let flags = [
        "true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false,
    ]
    private static let kinds: [ControlCommand.Parameter.Form: String] = [
        .int: "a whole number", .double: "a number", .bool: "true or false",
    ]

    private static func value(
        of word: String,
        _ parameter: ControlCommand.Parameter,
        _ command: ControlCommand
    ) throws(CommandFailure) -> CeleryValue {
        switch parameter.form {
        case .string: return .string(word)
        case .int: if let number = Int(word) { return .int(number) }
        case .double: if let number = Double(word), number.isFinite { return .double(number) }
        case .bool: if let flag = flags[word.lowercased()] { return .bool(flag) }
        }
        let kind = kinds[parameter.form] ?? "text"
        throw .usage(
            "\(command.name): \(parameter.name) is '\(word)'; it has to be \(kind)",
            help: command.kind.rawValue
        )
    }

    /// Lines of at most so many characters, as far as the words allow.
    private static func words(of text: String, _ width: Int) -> [String] {
        text.split(separator: " ")
            .reduce(into: [""]) { lines, word in
                let last = lines.count - 1
                if lines[last].isEmpty {
                    lines[last] = String(word)
                } else if lines[last].count + 1 + word.count <= width {
                    lines[last] += " " + word
                } else {
                    lines.append(String(word))
                }
            }
    }

    /// Their names, with what they take and what they are for, for a program.
    static func listed(_ kind: ControlCommand.Kind, app: CeleryApp) -> CeleryValue {
        .array(
            app.allControlCommands.filter { $0.kind == kind && $0.isVisible }
                .map { ["name": .string($0.name), "arguments": .string($0.signature), "help": .string($0.help)] }
        )
    }

    /// The page of `--list`, for a terminal of so many columns; narrower than 60 it is not.
    static func list(_ kind: ControlCommand.Kind, app: CeleryApp, columns: Int = 80) -> String {
        let rows = app.allControlCommands.filter { $0.kind == kind && $0.isVisible }
            .map { ($0.signature.isEmpty ? $0.name : "\($0.name) \($0.signature)", $0.help) }
        // As click does: what is too wide for its column has its help on the next line.
        let width = min(30, rows.map(\.0.count).max() ?? 0)
        let lines = rows.map { name, help in
            let margin = String(repeating: " ", count: width + 4)
            let text = words(of: help, max(60, columns) - margin.count).joined(separator: "\n" + margin)
            let pad = String(repeating: " ", count: max(0, width - name.count))
            return name.count > width ? "  \(name)\n\(margin)\(text)" : "  \(name)\(pad)  \(text)"
        }
        return "\(kind == .inspect ? "Inspect" : "Control") Commands:\n" + lines.joined(separator: "\n")
    }
}

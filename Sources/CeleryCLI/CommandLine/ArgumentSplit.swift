//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

/// A command line, split at its command: `celery [global options] COMMAND [rest]`.
struct ArgumentSplit: Equatable {
    /// Everything before the command.
    var globals: [String] = []
    /// Nil when there is none (`celery --help`).
    var command: String?
    /// Everything behind it.
    var rest: [String] = []

    /// Long and short names of global options that take a value.
    static let valued = ["--app", "--broker", "--result-backend", "--loader", "--config", "--workdir", "-A", "-b"]
    private static let flags = [
        "--no-color", "--quiet", "--version", "--skip-checks", "--no-build", "--help", "-C", "-q", "-h",
        "--help-hidden",
        "--experimental-dump-help",
    ]

    /// - Throws: ``CommandFailure`` for an option that is no global one.
    init(_ arguments: [String]) throws(CommandFailure) {
        var index = 0
        while index < arguments.count {
            let token = arguments[index]
            guard token.hasPrefix("-"), token != "-", token != "--" else {
                command = token
                rest = Array(arguments[(index + 1)...])
                if token == "multi" { takeGlobals() } else { try Self.refuseGlobals(in: rest, of: token) }
                return
            }
            let width = try Self.width(of: token)
            globals += arguments[index..<min(index + width, arguments.count)]
            index += width
        }
    }

    /// How many tokens the global option at the start of them takes.
    private static func width(of token: String) throws(CommandFailure) -> Int {
        if token.hasPrefix("--generate-completion-script") { return token.contains("=") ? 1 : 2 }
        let name = String(token.prefix { $0 != "=" })
        if valued.contains(name) { return token == name ? 2 : 1 }
        if flags.contains(name) { return 1 }
        if !token.hasPrefix("--") {
            let letters = token.dropFirst()
            // -Aproj, -Cq, -CqAproj
            guard let valued = letters.firstIndex(where: { !"Cqh".contains($0) }) else { return 1 }
            if "Ab".contains(letters[valued]) { return letters.index(after: valued) == letters.endIndex ? 2 : 1 }
        }
        if name.hasPrefix("--"), let nearest = NearestName.find(name, among: Self.valued + flags) {
            throw .usage("there is no global option '\(name)'. Did you mean '\(nearest)'?")
        }
        throw .usage("there is no global option '\(name)'; the options of a command are written after it")
    }

    /// `celery multi start w1 -A proj`, as in Celery's guides: options for finding the app are this command's too. Those for some
    /// nodes (`--workdir:2`) stay where they are.
    private mutating func takeGlobals() {
        var kept: [String] = []
        var words = rest[...]
        while let word = words.popFirst() {
            if word == "--" {
                kept.append(word)
                break
            }
            let isJoined = word.count > 2 && !word.hasPrefix("--") && !word.dropFirst(2).hasPrefix(":")
            if Self.valued.contains(word) {
                globals.append(word)
                if let value = words.popFirst() { globals.append(value) }
            } else if Self.valued.contains(String(word.prefix { $0 != "=" }))
                || isJoined && Self.valued.contains(String(word.prefix(2)))
            {
                globals.append(word)
            } else {
                kept.append(word)
            }
        }
        rest = kept + words
    }

    /// `-A` behind the command is the habit of Celery 4.
    private static func refuseGlobals(in rest: [String], of command: String) throws(CommandFailure) {
        for token in rest {
            if token == "--" { return }
            let name = String(token.prefix { $0 != "=" })
            guard valued.contains(name) || ["--no-color", "--quiet", "--no-build", "-C", "-q"].contains(name) else {
                continue
            }
            let value = valued.contains(name) ? " …" : ""
            throw .usage("\(name) is a global option: write it before the command, celery \(name)\(value) \(command) …")
        }
    }
}

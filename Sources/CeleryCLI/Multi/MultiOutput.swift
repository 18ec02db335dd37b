//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What `celery multi` says: Celery's lines, or with `--json` one list at the end.
struct MultiOutput {
    var terminal: Terminal
    var isQuiet: Bool
    var isVerbose = false
    var hasSplash = true
    var isJSON = false
    private var outcomes: [CeleryValue] = []

    /// Takes the options that are about the output out of words, up to `--`.
    init(_ words: inout [String], context: CommandContext) {
        let end = words.firstIndex(of: "--") ?? words.endIndex
        let own = ["--nosplash", "--quiet", "-q", "--verbose", "--no-color", "-C", "--json"]
        let given = words[..<end].filter { own.contains($0) }
        words = words[..<end].filter { !own.contains($0) } + words[end...]
        func has(_ names: String...) -> Bool { given.contains { names.contains($0) } }
        terminal = has("--no-color", "-C") ? Terminal(usesColour: false) : context.terminal(STDOUT_FILENO)
        isQuiet = context.globals.isQuiet || has("--quiet", "-q")
        isVerbose = has("--verbose")
        hasSplash = !has("--nosplash")
        isJSON = has("--json")
    }

    func splash() {
        if hasSplash { note(terminal.paint("celery multi v\(Version.current) (swift-celery)", .cyan)) }
    }

    /// A line that a quiet command leaves out.
    func note(_ text: String, end: String = "\n") {
        if !isQuiet, !isJSON { Terminal.write(text + end, to: STDOUT_FILENO) }
    }

    /// A line that only a talkative command prints.
    func info(_ text: String) { if isVerbose { note(text) } }

    /// What was asked for.
    func say(_ text: String) { if !isJSON { Terminal.say(text) } }

    /// What became of a node, for `--json`.
    mutating func add(_ node: String, _ fields: CeleryObject) {
        var object: CeleryObject = ["node": .string(node)]
        for (name, value) in fields.members { object[name] = value }
        outcomes.append(.object(object))
    }

    func finish() { if isJSON { Terminal.say(CeleryValue.array(outcomes).settingJSON) } }

    var ok: String { terminal.paint("OK", .green) }
    var failed: String { terminal.paint("FAILED", .red) }
    var down: String { terminal.paint("DOWN", .magenta) }
    func blue(_ text: String) -> String { terminal.paint(text, .blue) }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One worker of `celery multi`: its name, and the command line that starts it.
///
/// Source: `Node` of `celery/apps/multi.py`.
struct MultiNode: Equatable {
    /// Where Celery keeps the files of its nodes.
    static let pidDefault = "/var/run/celery/%n.pid"
    static let logDefault = "/var/log/celery/%n%I.log"

    /// Options that stand before the command `worker`.
    private static let globals = [
        "-A", "--app", "-b", "--broker", "--result-backend", "--loader", "--config", "--workdir", "-C", "--no-color",
        "-q", "--quiet",
    ]

    /// `celery1@host`.
    let name: String
    private let options: OptionList
    /// Between program and options.
    private let command: [String]
    /// Behind all options.
    private let append: [String]
    /// Program that is started; nil for this one.
    let executable: String?
    /// Placeholders not yet expanded.
    let pidPattern: String
    let logPattern: String

    init(_ name: String, options: OptionList, command: [String], append: [String], passthrough: [String]) {
        self.name = name
        var options = options
        executable = options.take("--executable").map(Self.withHome)
        pidPattern = Self.withHome(options.value("--pidfile") ?? options.take("-p") ?? Self.pidDefault)
        logPattern = Self.withHome(options.value("--logfile") ?? options.take("-f") ?? Self.logDefault)
        _ = options.take("-D", "--detach")
        options.set("-n", name)
        options.set("--pidfile", pidPattern)
        options.set("--logfile", logPattern)
        self.options = options
        self.command = command
        self.append = passthrough + append
    }

    /// Where the node's process id is. As the worker does with what it is given, placeholders are expanded a second time.
    var pidPath: String { get throws(CommandFailure) { FileName.expand(try expand(pidPattern), node: name) } }

    var logPath: String { get throws(CommandFailure) { FileName.expand(try expand(logPattern), node: name) } }

    /// What starts the node, without the program.
    ///
    /// - Parameter globals: Options that stand before the command and are the same for all nodes.
    func arguments(globals: [String]) throws(CommandFailure) -> [String] {
        var before = globals
        var after: [String] = []
        for option in options.entries {
            let value = try option.value.map { text throws(CommandFailure) in try expand(text) }
            if Self.globals.contains(option.name) {
                before += Self.words(option.name, option.name == "--workdir" ? value.map(Self.withHome) : value)
            } else {
                after += Self.words(option.name, value)
            }
        }
        var words = before
        for word in command { words.append(try expand(word)) }
        words += after
        for word in append { words.append(try expand(word)) }
        return words
    }

    private static func words(_ name: String, _ value: String?) -> [String] {
        guard let value, !value.isEmpty else { return [name] }
        return name.hasPrefix("--") ? ["\(name)=\(value)"] : [name, value]
    }

    /// Expands placeholders: `%n` and `%N` are the name before the @, `%d` what is behind it, `%h` and `%p` the whole; `%i` and `%I` are
    /// left to the worker.
    ///
    /// - Throws: ``CommandFailure`` with code 64 for a placeholder that is none of these.
    func expand(_ text: String) throws(CommandFailure) -> String {
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return try Placeholders.expand(
            text,
            [
                "n": parts[0], "N": parts[0], "d": parts.count > 1 ? parts[1] : "", "h": name, "p": name, "i": "%i",
                "I": "%I",
            ]
        )
    }

    /// `~` at the beginning is the user's directory.
    private static func withHome(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = ProcessInfo.processInfo.environment["HOME"] else {
            return path
        }
        return home + path.dropFirst()
    }
}

/// `%x` in texts.
enum Placeholders {
    /// Expands those that are known, and `%%`.
    ///
    /// - Throws: ``CommandFailure`` with code 64 for another letter or digit; anything else behind a `%` stays as it is.
    static func expand(_ text: String, _ values: [Character: String]) throws(CommandFailure) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "%", let code = rest.first, code == "%" || code == "_" || code.isLetter || code.isNumber
            else {
                result.append(character)
                continue
            }
            guard let value = code == "%" ? "%" : values[code] else {
                let known = values.keys.sorted().map { "%\($0)" }.joined(separator: ", ")
                throw .usage("celery multi: '%\(code)' in '\(text)' is none of \(known)", help: "multi")
            }
            result += value
            rest.removeFirst()
        }
        return result
    }
}

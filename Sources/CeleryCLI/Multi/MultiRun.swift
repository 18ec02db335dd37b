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

/// What `celery multi` does. How nodes are ended is in another file.
struct MultiRun {
    static let commands = [
        "start", "stop", "stopwait", "stop_verify", "restart", "kill", "show", "get", "names", "expand", "help",
    ]

    let context: CommandContext
    let command: String
    /// First argument of `get` and `expand`.
    private let subject: String
    let nodes: [MultiNode]
    let signal: NamedSignal
    var output: MultiOutput

    /// - Throws: ``CommandFailure`` with code 64 for words that make no sense.
    init(_ words: [String], _ context: CommandContext) throws(CommandFailure) {
        self.context = context
        var words = words
        output = MultiOutput(&words, context: context)
        guard let command = words.first, !command.hasPrefix("-") else {
            throw .usage("celery multi: say what to do: \(Self.commands.joined(separator: ", "))", help: "multi")
        }
        guard Self.commands.contains(command) else {
            let nearest = NearestName.find(command, among: Self.commands).map { ". Did you mean '\($0)'?" } ?? ""
            throw .usage("Invalid command: \(command)\(nearest)", help: "multi")
        }
        self.command = command
        words.removeFirst()
        let takesSubject = command == "get" || command == "expand"
        guard !takesSubject || !words.isEmpty else {
            throw .usage("celery multi \(command): \(command == "get" ? "a node" : "a text") is missing", help: "multi")
        }
        subject = takesSubject ? words.removeFirst() : ""
        let parsed = try MultiWords(words)
        signal = parsed.signal ?? .term
        nodes = try MultiPlan(parsed, hostname: Host.name).nodes
    }

    /// - Throws: ``CommandFailure`` with code 1 when a node could not be started, or there is none of that name.
    mutating func run() async throws {
        switch command {
        case "start": try start()
        case "stop": try await stop(waits: false)
        case "stopwait", "stop_verify": try await stop(waits: true)
        case "restart": try await restart()
        case "kill": try kill()
        default: try answer()
        }
        output.finish()
        if hasFailed { throw CommandFailure("", code: .failure) }
    }

    /// Whether a node did not start.
    private var hasFailed = false

    /// What is only looked up.
    private mutating func answer() throws(CommandFailure) {
        let wanted = command == "get" ? nodes.filter { $0.name == subject } : nodes
        guard !wanted.isEmpty else {
            let names = nodes.map(\.name).joined(separator: ", ")
            throw CommandFailure("celery multi get: there is no node \(subject); there are: \(names)")
        }
        for node in wanted {
            switch command {
            case "names":
                output.say(node.name)
                output.add(node.name, [:])
            case "expand":
                let text = try node.expand(subject)
                output.say(text)
                output.add(node.name, ["text": .string(text)])
            default:
                let words = try node.arguments(globals: context.globalArguments)
                let all = command == "get" ? words : [program(of: node)] + words
                output.say(all.map(ShellWord.quote).joined(separator: " "))
                output.add(node.name, ["command": .array(all.map { .string($0) })])
            }
        }
    }

    private func program(of node: MultiNode) -> String {
        node.executable ?? Execution.ownProgram ?? context.arguments[0]
    }

    private mutating func start() throws(CommandFailure) {
        try prepare()
        output.splash()
        output.note("> Starting nodes...")
        for node in nodes {
            output.note("\t> \(node.name): ", end: "")
            try start(node)
        }
    }

    /// What would keep every node from starting is said once, before the first.
    func prepare() throws(CommandFailure) {
        guard context.isOwnApp || nodes.allSatisfy({ $0.executable != nil }) else {
            throw .usage(
                "workers need an app: celery -A NAME multi \(command) …\n"
                    + "NAME is an executable product of the package here, or the path of a program",
                help: "multi"
            )
        }
        for node in nodes {
            try NodeFolder.prepare(for: try node.pidPath, option: "--pidfile", example: "%n.pid")
            try NodeFolder.prepare(for: try node.logPath, option: "--logfile", example: "%n%I.log")
        }
    }

    /// Starts a node, which goes into the background by itself once all that can be seen to be wrong has been looked at.
    mutating func start(_ node: MultiNode) throws(CommandFailure) {
        let words = try node.arguments(globals: context.globalArguments)
        let program = program(of: node)
        output.info("  " + ([program] + words).map(ShellWord.quote).joined(separator: " "))
        let code = try Execution.run(program, words, outputTo: STDERR_FILENO)
        if code > 128 {
            output.note("* Child was terminated by signal \(code - 128)")
        } else if code > 0 {
            output.note("* Child terminated with exit code \(code)")
        }
        output.note(code == 0 ? output.ok : output.failed)
        if code != 0 { hasFailed = true }
        output.add(node.name, ["status": code == 0 ? "started" : "failed", "exitcode": .int(Int(code))])
    }
}

/// Words as a shell reads them.
enum ShellWord {
    /// In quotes where they are needed.
    static func quote(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            let character = Character(UnicodeScalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber || "-_=./@%+:,".contains(character))
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}

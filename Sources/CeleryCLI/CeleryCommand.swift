//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
public import CeleryCore
public import CeleryKit
import CeleryWorker

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Celery's command line.
///
/// ```swift
/// await CeleryCommand.main(app)  // at the end of main.swift: hello worker -l INFO --concurrency=6
/// ```
public enum CeleryCommand {
    /// Runs the command line of the user's own program.
    ///
    /// Turns into a child of the `prefork` pool when it was started as one. Ends the process when the command fails, with
    /// Celery's exit codes: 1 failure, 64 wrong usage, 69 broker not reachable, 73 PID file of a running process.
    public static func main(_ app: CeleryApp) async {
        // A child is told so by its last argument; the others are those of the worker that started it.
        let arguments = PreforkChild.isChild ? CommandLine.arguments.dropLast() : CommandLine.arguments
        let code = await run(app, arguments: arguments, environment: ProcessInfo.processInfo.environment)
        if code != 0 { exit(code) }
    }

    /// Runs the command line of the `celery` tool: without an app of its own, for `-A` and for what needs a broker only.
    public static func main(registry: PluginRegistry) async {
        let invocation = Invocation(arguments: CommandLine.arguments, environment: ProcessInfo.processInfo.environment)
        let code = await invocation.run(app: CeleryApp("celery", registry: registry), isOwnApp: false)
        if code != 0 { exit(code) }
    }

    /// Runs a command line and returns the exit code.
    ///
    /// - Parameters:
    ///   - app: Of the program.
    ///   - arguments: Program first, as in `CommandLine.arguments`.
    ///   - environment: What `CELERY_…` is looked for in.
    public static func run(_ app: CeleryApp, arguments: [String], environment: [String: String]) async -> Int32 {
        await Invocation(arguments: arguments, environment: environment).run(app: app, isOwnApp: true)
    }
}

/// One command line on its way to a command.
struct Invocation: Sendable {
    /// Program first.
    var arguments: [String]
    var environment: [String: String]

    /// Runs it, prints what went wrong, and returns the exit code.
    func run(app: CeleryApp, isOwnApp: Bool) async -> Int32 {
        do {
            try await perform(app: app, isOwnApp: isOwnApp)
            return ExitStatus.ok.rawValue
        } catch {
            return report(error)
        }
    }

    private func perform(app: CeleryApp, isOwnApp: Bool) async throws {
        let split = try ArgumentSplit(Array(arguments.dropFirst()))
        var globals: GlobalOptions
        do {
            // Help, version and completions are the root's to answer.
            let root = try RootCommand.parseAsRoot(split.globals)
            guard let root = root as? RootCommand else { throw CleanExit.helpRequest(RootCommand.self) }
            globals = root.globals
        }
        globals.fill(from: environment)
        let globalArguments = try enterDirectory(globals, split)
        try settleApp(split, globals, app, isOwnApp: isOwnApp)
        guard let name = split.command, split.rest != [] || name != "help" else {
            throw CleanExit.helpRequest(RootCommand.self)
        }
        let wanted = name == "help" ? split.rest.first ?? name : name
        guard CommandNames.available.contains(wanted) else { throw CommandNames.failure(for: wanted) }
        exportURLs(globals)
        if !PreforkChild.isChild { for line in globals.withoutEffect { Terminal.complain(line) } }
        let words = OptionEnvironment.words(behind: name, split.rest, environment: environment)
        let command = try CommandsOnly.parseAsRoot([name] + words)
        let context = CommandContext(
            app: app,
            isOwnApp: isOwnApp,
            globals: summary(globals, app),
            environment: environment,
            arguments: Array(arguments.prefix(1)) + globalArguments + [name] + split.rest,
            globalArguments: globalArguments
        )
        try await context.bind { try await Self.run(command) }
    }

    /// Changes to the directory of `--workdir`, and returns the global options with its full path: whoever starts the command
    /// line anew begins there.
    private func enterDirectory(_ globals: GlobalOptions, _ split: ArgumentSplit) throws(CommandFailure) -> [String] {
        // A child of the pool is there already.
        guard let workdir = globals.workdir, !PreforkChild.isChild else { return split.globals }
        guard FileManager.default.changeCurrentDirectoryPath(workdir) else {
            throw .usage("--workdir \(workdir): cannot change to it: \(LogSink.lastError)")
        }
        let path = Execution.workingDirectory
        if environment["CELERY_WORKDIR"] != nil { setenv("CELERY_WORKDIR", path, 1) }
        return split.globals.enumerated()
            .map { index, token in
                if token.hasPrefix("--workdir=") { return "--workdir=\(path)" }
                return index > 0 && split.globals[index - 1] == "--workdir" ? path : token
            }
    }

    /// `-A`: the tool becomes that program; a program that is an app already must be the one that is meant.
    private func settleApp(
        _ split: ArgumentSplit,
        _ globals: GlobalOptions,
        _ app: CeleryApp,
        isOwnApp: Bool
    ) throws(CommandFailure) {
        guard let name = globals.app else { return }
        if isOwnApp {
            let isWritten = split.globals.contains { $0.hasPrefix("-A") || $0.hasPrefix("--app") }
            let program = arguments.first?.split(separator: "/").last.map(String.init)
            guard !isWritten || name == app.name || name == program else {
                throw .usage(
                    "-A \(name): this program is the app \(app.name) itself; leave out -A, or use the celery tool"
                )
            }
            return
        }
        let launcher = Launcher(name: name, mayBuild: !globals.noBuild, isQuiet: globals.quiet)
        try launcher.become(forwarded(split, globals))
    }

    /// The command line for the program that has the app: all but what concerns finding it.
    private func forwarded(_ split: ArgumentSplit, _ globals: GlobalOptions) -> [String] {
        var forwarded: [String] = []
        if let broker = globals.broker { forwarded += ["--broker", broker] }
        if let backend = globals.resultBackend { forwarded += ["--result-backend", backend] }
        if let config = globals.config { forwarded += ["--config", config] }
        if globals.noColor { forwarded.append("--no-color") }
        if globals.quiet { forwarded.append("--quiet") }
        return forwarded + (split.command.map { [$0] } ?? []) + split.rest
    }

    /// As Celery's `-b` and `--result-backend` do: connections and child processes look there first.
    private func exportURLs(_ globals: GlobalOptions) {
        if let broker = globals.broker { setenv("CELERY_BROKER_URL", broker, 1) }
        if let backend = globals.resultBackend { setenv("CELERY_RESULT_BACKEND", backend, 1) }
    }

    private func summary(_ globals: GlobalOptions, _ app: CeleryApp) -> CommandContext.GlobalsSummary {
        var loader = SettingsLoader(environment: environment, file: globals.config)
        loader.serializers = app.registry.serializers
        if let broker = globals.broker { loader.globals.append(("broker_url", broker)) }
        if let backend = globals.resultBackend { loader.globals.append(("result_backend", backend)) }
        return CommandContext.GlobalsSummary(noColour: globals.noColor, isQuiet: globals.quiet, loader: loader)
    }

    private static func run(_ command: any ParsableCommand) async throws {
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            var command = command
            try command.run()
        }
    }

    /// Prints an error in one or two lines, and help and such as they are.
    private func report(_ error: any Error) -> Int32 {
        let program = arguments.first?.split(separator: "/").last.map(String.init) ?? "celery"
        if error is CommandFailure || !Self.isParserError(error) {
            let failure = ErrorText.describe(error)
            if !failure.message.isEmpty { Terminal.complain("Error: \(withoutSecrets(failure.message))") }
            if let help = failure.help {
                Terminal.complain("Try '\(program)\(help.isEmpty ? "" : " ")\(help) --help'.")
            }
            return failure.code.rawValue
        }
        let command = (try? ArgumentSplit(Array(arguments.dropFirst())))?.command ?? ""
        let isAboutCommand = !command.isEmpty && arguments.last != "help"
        let parser: any ParsableCommand.Type = isAboutCommand ? CommandsOnly.self : RootCommand.self
        if parser.exitCode(for: error) == .success {
            Terminal.say(ProgramName.$current.withValue(program) { parser.fullMessage(for: error) })
            return ExitStatus.ok.rawValue
        }
        Terminal.complain("Error: \(withoutSecrets(parser.message(for: error)))")
        Terminal.complain("Try '\(program)\(command.isEmpty ? "" : " ")\(command) --help'.")
        return ExitStatus.usage.rawValue
    }

    /// A message about a command line may quote it, and a URL that stands where none belongs has its password all the same.
    private func withoutSecrets(_ message: String) -> String {
        (arguments.dropFirst() + environment.values).filter { $0.contains("@") }
            .reduce(message) { message, text in
                // The whole, as an option's value, or joined to a short option.
                [
                    text, text.split(separator: "=", maxSplits: 1).last.map(String.init) ?? text,
                    String(text.dropFirst(2)),
                ]
                .filter { $0.contains("@") }
                .reduce(message) { $0.replacing($1, with: BrokerURL.mask($1)) }
            }
    }

    /// Whether the error came from reading arguments, help requests included.
    private static func isParserError(_ error: any Error) -> Bool {
        error is CleanExit || error is ValidationError
            || String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    }
}

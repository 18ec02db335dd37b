//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryKit

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A command as a service: whose rights it has, where its log and its process id go, and how it gets into the background.
struct ServiceProcess {
    /// What the settings say where the command line says nothing.
    struct Defaults {
        var logfile: String?
        var pidfile: String?
        var uid: String?
        var gid: String?
        var umask: String?
    }

    /// `worker`, `events`.
    var command: String
    var arguments: ServiceArguments
    /// Short flags of the command that may be joined with `-D`.
    var flags: String
    var defaults = Defaults()

    /// Takes on user, group and mask, as far as they are known.
    ///
    /// - Throws: ``CommandFailure`` with code 64 for what does not exist, 1 for what is not allowed.
    func becomeUser() throws(CommandFailure) {
        let privileges = try Privileges(
            user: arguments.uid ?? defaults.uid,
            group: arguments.gid ?? defaults.gid,
            command: command
        )
        try privileges.drop()
        if let text = arguments.umask ?? defaults.umask { umask(try FileMask.parse(text, command: command)) }
    }

    /// Where the log goes; nil is standard error.
    func logPath(node: String) -> String? {
        (arguments.logfile ?? defaults.logfile).map { FileName.expand($0, node: node) }
    }

    /// Where the process id goes; nil for nowhere.
    func pidPath(node: String) -> String? {
        (arguments.pidfile ?? defaults.pidfile).map { FileName.expand($0, node: node) }
    }

    /// Starts this program anew, without a terminal and in a session of its own, and leaves it to itself once it has its PID file.
    ///
    /// All that can be seen to be wrong is an error here, where somebody reads it: a log file that cannot be written, a PID file of
    /// a running process, a start that fails. Source: `detached` of `celery/platforms.py`, which forks.
    /// - Throws: ``CommandFailure``, also with the exit code of a process that ended before it had its PID file.
    func detach(_ context: CommandContext, node: String) async throws {
        let log = logPath(node: node)
        if let log {
            _ = try LogSink(path: log)
        } else if !context.globals.isQuiet {
            Terminal.complain("Warning: -D without --logfile: what the \(noun) logs is lost")
        }
        let pidPath = pidPath(node: node)
        if let pidPath { try PIDFile(taking: pidPath).release() }
        unsetenv(OptionEnvironment.variable(command, "detach"))
        let pid = try Execution.startDetached(
            arguments.executable ?? Execution.ownProgram ?? context.arguments[0],
            Self.withoutDetach(Array(context.arguments.dropFirst()), flags: flags)
        )
        if let pidPath { try await waitForStart(of: pid, node, pidPath, log) }
    }

    private var noun: String { command == "worker" ? "worker" : "command" }

    /// Until the process has its PID file. One that takes very long over that is left to itself all the same.
    private func waitForStart(of pid: pid_t, _ node: String, _ pidPath: String, _ log: String?) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while PIDFile.processID(in: pidPath) != pid, .now < deadline {
            var status: Int32 = 0
            guard celery_reap(pid, &status) != 1 else {
                guard status != 0 else { return }
                let how = status < 0 ? "was ended by signal \(-status)" : "ended at once with exit code \(status)"
                let place = log.map { "; its log is \($0)" } ?? ""
                throw CommandFailure("\(node) \(how)\(place)", code: ExitStatus(rawValue: status) ?? .failure)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// A command line without `--detach`, `-D`, and the `D` among other flags: `-ED` is `-E`.
    static func withoutDetach(_ arguments: [String], flags: String) -> [String] {
        arguments.compactMap { argument in
            if argument == "--detach" { return nil }
            guard argument.hasPrefix("-"), argument.count > 1,
                argument.dropFirst().allSatisfy({ $0 == "D" || flags.contains($0) })
            else { return argument }
            let others = argument.filter { $0 != "D" }
            return others == "-" ? nil : others
        }
    }
}

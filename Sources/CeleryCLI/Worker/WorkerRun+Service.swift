//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWorker

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension WorkerRun {
    /// Takes on user, group and mask. The command line's before anything else, the settings' once they are read.
    func becomeUser(_ settings: CelerySettings? = nil) throws(CommandFailure) {
        // A child of the pool has what its parent took on.
        guard !PreforkChild.isChild else { return }
        let service = command.service
        try Privileges(user: service.uid ?? settings?.workerUID, group: service.gid ?? settings?.workerGID).drop()
        if let text = service.umask ?? settings?.workerUmask { umask(try FileMask.parse(text)) }
    }

    /// Starts this program anew, without a terminal and in a session of its own, and leaves it to itself.
    ///
    /// All that can be seen to be wrong is an error here, where somebody reads it: settings and options, a log file that
    /// cannot be written, a PID file of a running process. Source: `detached` of `celery/platforms.py`, which forks.
    func detach(_ context: CommandContext, options: WorkerOptions, node: String) async throws {
        try await checkHealth(context)
        _ = try Worker(context.app, options: options)
        if let path = logPath(context, node: node) {
            _ = try LogSink(path: path)
        } else if !context.globals.isQuiet {
            Terminal.complain("Warning: -D without --logfile: what the worker logs is lost")
        }
        if let path = pidPath(context, node: node) { try PIDFile(taking: path).release() }
        unsetenv(OptionEnvironment.variable("worker", "detach"))
        try Execution.startDetached(
            Execution.ownProgram ?? context.arguments[0],
            Self.withoutDetach(Array(context.arguments.dropFirst()))
        )
    }

    /// Where the log goes; nil is standard error.
    func logPath(_ context: CommandContext, node: String) -> String? {
        (command.service.logfile ?? context.app.settings.workerLogFile).map { FileName.expand($0, node: node) }
    }

    /// Where the process id goes; nil for nowhere.
    func pidPath(_ context: CommandContext, node: String) -> String? {
        (command.service.pidfile ?? context.app.settings.workerPIDFile).map { FileName.expand($0, node: node) }
    }

    /// A command line without `--detach`, `-D`, and the `D` among other flags: `-ED` is `-E`.
    static func withoutDetach(_ arguments: [String]) -> [String] {
        arguments.compactMap { argument in
            if argument == "--detach" { return nil }
            guard argument.hasPrefix("-"), argument.count > 1, argument.dropFirst().allSatisfy({ "DEB".contains($0) })
            else { return argument }
            let others = argument.filter { $0 != "D" }
            return others == "-" ? nil : others
        }
    }
}

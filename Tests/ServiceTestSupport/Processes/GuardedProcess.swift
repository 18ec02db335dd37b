//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import Foundation
import Synchronization

/// A program that cannot outlive the tests, however they end.
///
/// Between the two stands a shell whose standard input is a pipe that only the test process holds open. When the pipe
/// closes, because the test process was killed or let go of this value, the shell kills the program with everything that
/// it started, and removes the folder it was told of. The program runs in a process group of its own, reads nothing, and
/// writes to a log file.
package final class GuardedProcess: Sendable {
    /// Process id of the program itself, and of its process group.
    package let pid: Int32
    private let log: URL
    private let guardian: Mutex<Process>
    private let lifeline: Pipe

    /// `set -m` gives what is started a process group of its own; once that is done it would only disturb `wait`.
    private static let script = """
        folder=$1 log=$2; shift 2
        exec 3<&0 </dev/null 2>/dev/null
        set -m
        sh -c 'log=$1; shift; echo $$; exec "$@" >>"$log" 2>&1' sh "$log" "$@" 3<&- &
        child=$!
        { read -r _ <&3; trap '' TERM; kill -KILL -- "-$child"; [ -z "$folder" ] || rm -rf -- "$folder"; } >/dev/null &
        watch=$!
        set +m
        exec 3<&- >/dev/null
        wait "$child"
        code=$?
        kill -TERM -- "-$watch"
        exit "$code"
        """

    /// Starts it.
    ///
    /// - Parameters:
    ///   - environment: Added to the inherited one.
    ///   - folder: Removed when the test process dies before the program has ended.
    package init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: URL,
        log: URL,
        removing folder: URL? = nil
    ) throws {
        guard let shell = TestPrograms.find("bash") else { throw ServiceError("there is no bash on the PATH") }
        self.log = log
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: shell)
        process.arguments = ["-c", Self.script, "guard", folder?.path ?? "", log.path, program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
        process.currentDirectoryURL = directory
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.runWithSignals()
        // The first and only line: short enough to come in one piece.
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let pid = Int32(line.trimmingCharacters(in: .newlines)) else {
            throw ServiceError("\(program) did not start: \(line)")
        }
        self.pid = pid
        lifeline = input
        guardian = Mutex(process)
    }

    deinit { try? lifeline.fileHandleForWriting.close() }

    package var isRunning: Bool { guardian.withLock { $0.isRunning } }

    /// Everything that it and its children have logged.
    package var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Sends a signal to the program.
    package func signal(_ number: Int32) {
        if isRunning { _ = kill(pid, number) }
    }

    /// Sends a signal to the program and all that it started.
    package func signalGroup(_ number: Int32) { _ = kill(-pid, number) }

    /// Waits for its end.
    ///
    /// - Returns: Its exit code; 128 + the signal that ended it.
    /// - Throws: ``ServiceError`` when it is still running then.
    @discardableResult
    package func exitCode(within limit: Duration = .seconds(20)) async throws -> Int32 {
        try await waited(for: "the end of process \(pid)", within: limit) {
            guardian.withLock { $0.isRunning ? nil : $0.terminationStatus }
        }
    }

    /// Kills it and what it started, and waits for its end.
    package func end() async {
        signalGroup(SIGKILL)
        _ = try? await exitCode()
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// A running `celery worker`.
package final class PythonWorker: Sendable {
    private let process: GuardedProcess
    /// Kept for as long as it runs there.
    private let directory: TemporaryDirectory

    init(_ process: GuardedProcess, in directory: TemporaryDirectory) {
        self.process = process
        self.directory = directory
    }

    func waitUntilReady() async throws {
        _ = try await waited(for: "a Python worker that is ready", within: .seconds(90)) { () -> Bool? in
            guard process.isRunning else { throw ServiceError("the Python worker ended:\n\(logText)") }
            return logText.contains(" ready.") ? true : nil
        }
    }

    package var pid: Int32 { process.pid }
    package var isRunning: Bool { process.isRunning }

    /// Everything that it has logged.
    package var logText: String { process.logText }

    /// Waits until it has logged that.
    package func logs(_ text: String, within limit: Duration = .seconds(30)) async throws {
        let found = try await eventually(within: limit) { logText.contains(text) }
        guard found else { throw ServiceError("the Python worker has not logged \"\(text)\":\n\(logText)") }
    }

    /// Sends a signal to its main process only.
    package func signal(_ number: Int32) { process.signal(number) }

    /// Sends a signal to it and its children.
    package func signalGroup(_ number: Int32) { process.signalGroup(number) }

    /// Warm shutdown: it finishes what runs. Waits for its end.
    ///
    /// - Returns: Its exit code.
    @discardableResult
    package func terminate(within limit: Duration = .seconds(30)) async throws -> Int32 {
        process.signal(SIGTERM)
        return try await process.exitCode(within: limit)
    }

    /// Waits for its end.
    @discardableResult
    package func exitCode(within limit: Duration = .seconds(30)) async throws -> Int32 {
        try await process.exitCode(within: limit)
    }

    /// Kills it and its children without a warning, and waits until they are gone.
    package func kill() async { await process.end() }

    /// The same, for the end of a test.
    package func end() async { await process.end() }
}

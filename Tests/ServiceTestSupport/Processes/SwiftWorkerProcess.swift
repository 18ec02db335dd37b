//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// A worker of the program `EndToEndApp`, which has the tasks of `Tests/EndToEndApp`. It is ended when nothing holds it any
/// more, and when the test process dies.
package final class SwiftWorkerProcess: Sendable {
    /// Node name.
    package let name: String
    private let process: GuardedProcess

    /// Starts it; waitUntilReady(within:) waits for it.
    ///
    /// - Parameters:
    ///   - arguments: Further options of `worker`, and settings as `name=value`.
    ///   - environment: Added to the inherited one.
    package init(
        _ name: String,
        broker: String,
        backend: String,
        pool: String = "prefork",
        concurrency: Int = 2,
        queues: [String],
        arguments: [String] = [],
        environment: [String: String] = [:],
        directory: TemporaryDirectory
    ) throws {
        self.name = name
        var variables = ["CELERY_BROKER_URL": broker, "CELERY_RESULT_BACKEND": backend, "TMPDIR": directory.url.path]
        // A crash report takes longer to write than a process takes to start.
        variables["SWIFT_BACKTRACE"] = "enable=no"
        variables.merge(environment) { $1 }
        process = try GuardedProcess(
            TestPrograms.products.appendingPathComponent("EndToEndApp").path,
            [
                "worker", "-l", "INFO", "-n", name, "-P", pool, "-c", "\(concurrency)", "-Q",
                queues.joined(separator: ","),
            ]
                + arguments,
            environment: variables,
            directory: directory.url,
            log: directory.url.appendingPathComponent("\(name)-\(UUID().uuidString.prefix(8)).log")
        )
    }

    package func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
        _ = try await waited(for: "\(name) is ready\n\(logText)", within: limit) { () -> Bool? in
            guard process.isRunning else { throw ServiceError("\(name) ended:\n\(logText)") }
            return logText.contains(" ready.") ? true : nil
        }
    }

    package var pid: Int32 { process.pid }
    package var isRunning: Bool { process.isRunning }

    /// Everything that it and its children have logged.
    package var logText: String { process.logText }

    /// Waits until it has logged that, so many times.
    package func logs(_ text: String, times: Int = 1, within limit: Duration = .seconds(60)) async throws {
        let found = try await eventually(within: limit) { logText.ranges(of: text).count >= times }
        guard found else { throw ServiceError("\(name) has not logged \"\(text)\" \(times) times:\n\(logText)") }
    }

    /// Process ids of its pool's children that run.
    package var children: [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { Self.parent(of: $0) == pid }.sorted()
    }

    /// Nil of a process that is not there, or has ended and was not waited for yet.
    private static func parent(of pid: Int32) -> Int32? {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
        // The name in parentheses may contain anything; after it come the state and the parent.
        let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 1 && fields[0] != "Z" ? Int32(fields[1]) : nil
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
    package func end() async { await process.end() }
}

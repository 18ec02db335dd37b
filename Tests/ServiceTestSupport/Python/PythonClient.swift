//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire
import Foundation
import Synchronization

/// A Python process that sends tasks and reads results, one JSON line at a time.
package final class PythonClient: Sendable {
    private struct State {
        var answers: [Int: CeleryObject] = [:]
        var asked = 0
        var isAtEnd = false
    }

    private let process: Mutex<Process>
    private let input = Pipe()
    private let output = Pipe()
    private let errors: URL
    /// Kept for as long as it runs there.
    private let directory: TemporaryDirectory
    private let state = Mutex(State())

    init(interpreter: String, arguments: [String], environment: [String: String], directory: TemporaryDirectory) throws
    {
        self.directory = directory
        errors = directory.url.appendingPathComponent("client-\(UUID().uuidString.prefix(8)).log")
        _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: interpreter)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
        process.currentDirectoryURL = directory.url
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.runWithSignals()
        self.process = Mutex(process)
        let splitter = LineSplitter { [weak self] in self?.take($0) }
        let handle = output.fileHandleForReading
        Thread.detachNewThread {
            var chunk = handle.availableData
            while !chunk.isEmpty {
                splitter.take(chunk)
                chunk = handle.availableData
            }
            splitter.take(chunk)
        }
    }

    /// It ends when its input does.
    deinit { try? input.fileHandleForWriting.close() }

    private func take(_ line: String?) {
        state.withLock { state in
            guard let line else {
                state.isAtEnd = true
                return
            }
            // Other lines are what a library prints.
            guard
                let value = try? JSONSerializer().decodeValue(Array(line.utf8), limits: WireLimits(nestingDepth: 400)),
                case .object(let answer) = value, case .int(let number)? = answer["number"]
            else { return }
            state.answers[number] = answer
        }
    }

    /// Sends a command, and waits for its answer.
    ///
    /// - Throws: ``ServiceError`` with Python's traceback when the command failed, or when no answer came in time.
    @discardableResult
    package func request(
        _ operation: String,
        _ members: CeleryObject = [:],
        within limit: Duration = .seconds(30)
    ) async throws -> CeleryObject {
        let number = try state.withLock { state in
            // Writing to a pipe that nobody reads would end the tests.
            guard !state.isAtEnd else { throw ServiceError("the Python client ended:\n\(logText)") }
            state.asked += 1
            return state.asked
        }
        var command = members
        command["op"] = .string(operation)
        command["number"] = .int(number)
        let line = try JSONSerializer().encode(.object(command)) + [UInt8(ascii: "\n")]
        try input.fileHandleForWriting.write(contentsOf: line)
        let answer = try await waited(for: "an answer to \(operation)\n\(logText)", within: limit) {
            try state.withLock { state -> CeleryObject? in
                if let answer = state.answers.removeValue(forKey: number) { return answer }
                guard !state.isAtEnd else { throw ServiceError("the Python client ended:\n\(logText)") }
                return nil
            }
        }
        guard answer["error"] == nil else {
            throw ServiceError("\(operation): \(answer["traceback"].map(PythonRepr.describe) ?? "no traceback")")
        }
        return answer
    }

    /// What it has printed on standard error.
    package var logText: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    package func kill() { _ = process.withLock { Foundation.kill($0.processIdentifier, SIGKILL) } }

    /// Ends it.
    package func end() async {
        try? input.fileHandleForWriting.close()
        let ended = try? await eventually(within: .seconds(5)) { process.withLock { !$0.isRunning } }
        if ended != true { kill() }
    }
}

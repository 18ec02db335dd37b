//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Synchronization

/// A built product, run as a process.
final class ToolProcess: Sendable {
    /// What a process printed and how it ended.
    struct Outcome: Sendable {
        var output: String
        var errors: String
        /// Its exit code; 128 + the signal that ended it.
        var code: Int32
    }

    private let process: Mutex<Process>
    private let output = Collector()
    private let errors = Collector()

    /// Starts it.
    ///
    /// - Parameter product: Its name, or the full path of a program.
    /// - Parameter environment: All of it: nothing is inherited but PATH and HOME.
    init(
        _ product: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: URL? = nil,
        input: String = ""
    ) throws {
        let process = Process()
        process.executableURL =
            product.hasPrefix("/")
            ? URL(fileURLWithPath: product) : TestPrograms.products.appendingPathComponent(product)
        process.arguments = arguments
        let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }
        process.environment = environment.merging(inherited) { own, _ in own }
        if let directory { process.currentDirectoryURL = directory }
        let stdin = Pipe()
        process.standardInput = stdin
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        try process.run()
        try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? stdin.fileHandleForWriting.close()
        output.start()
        errors.start()
        self.process = Mutex(process)
    }

    /// Runs it to its end.
    static func run(
        _ product: String = "celery",
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: URL? = nil,
        input: String = ""
    ) async throws -> Outcome {
        let process = try ToolProcess(product, arguments, environment: environment, directory: directory, input: input)
        return try await process.outcome()
    }

    func signal(_ number: Int32) {
        let pid = process.withLock { $0.processIdentifier }
        kill(pid, number)
    }

    /// What it has printed on standard error so far.
    var errorText: String { errors.text }

    var pid: Int32 { process.withLock { $0.processIdentifier } }

    var isRunning: Bool { process.withLock { $0.isRunning } }

    /// Waits until it has printed that on standard error or output.
    func prints(_ text: String, within limit: Duration = .seconds(20)) async throws {
        guard try await eventually(within: limit, { errors.text.contains(text) || output.text.contains(text) }) else {
            signal(SIGKILL)
            throw Missing(text: text, output: output.text, errors: errors.text)
        }
    }

    /// Waits for its end; kills it when that takes too long.
    func outcome(within limit: Duration = .seconds(30)) async throws -> Outcome {
        func hasEnded() -> Bool { !isRunning }
        if try await !eventually(within: limit, hasEnded) {
            signal(SIGKILL)
            _ = try await waited(for: "the end of a killed process") { hasEnded() ? true : nil }
        }
        let (status, reason) = process.withLock { ($0.terminationStatus, $0.terminationReason) }
        return Outcome(
            output: await output.end(),
            errors: await errors.end(),
            code: reason == .uncaughtSignal ? 128 + status : status
        )
    }

    /// Something was not printed.
    struct Missing: Error {
        var text: String
        var output: String
        var errors: String
    }

    /// Gathers what comes out of a pipe, on a thread of its own.
    private final class Collector: Sendable {
        private struct State {
            var bytes = Data()
            var isAtEnd = false
        }

        let pipe = Pipe()
        private let state = Mutex(State())

        var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

        func start() {
            let handle = pipe.fileHandleForReading
            Thread.detachNewThread { [self] in
                while true {
                    let chunk = handle.availableData
                    state.withLock { state in
                        state.bytes += chunk
                        state.isAtEnd = chunk.isEmpty
                    }
                    if chunk.isEmpty { return }
                }
            }
        }

        /// What was printed in all. Something that the process started may keep the pipe open: it is not waited for longer.
        func end() async -> String {
            _ = try? await eventually(within: .seconds(10)) { state.withLock { $0.isAtEnd } }
            return text
        }
    }
}

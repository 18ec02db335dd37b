//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryTesting
import Foundation
import ServiceTestSupport
import Synchronization

/// A `CelerySQLiteTestWorker` under a test's command.
final class WorkerProcess: Sendable {
    private let input = Pipe()
    private let replies: AsyncStream<String>
    let identifier: Int32

    init(_ path: String) async throws {
        let (replies, continuation) = AsyncStream<String>.makeStream()
        self.replies = replies
        let output = Pipe()
        let splitter = LineSplitter { line in
            if let line { continuation.yield(line) } else { continuation.finish() }
        }
        output.fileHandleForReading.readabilityHandler = { splitter.take($0.availableData) }
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "CelerySQLiteTestWorker")
        process.arguments = [path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        identifier = process.processIdentifier
        guard await reply() == "hello" else { throw CheckFailure("the worker did not start") }
    }

    deinit { kill(identifier, SIGKILL) }

    /// Sends a command without waiting for its answer.
    func tell(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

    /// Sends a command and returns its answer; `gone` when the process has ended.
    func ask(_ line: String) async -> String {
        tell(line)
        return await reply()
    }

    func reply() async -> String {
        for await line in replies { return line }
        return "gone"
    }

    func signal(_ number: Int32) { kill(identifier, number) }
}
#endif

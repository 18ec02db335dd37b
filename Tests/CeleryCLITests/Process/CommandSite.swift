//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import Foundation
import ServiceTestSupport
import Testing

/// A folder with an embedded broker, and the command line on it: every command is a process of its own.
final class CommandSite: Sendable {
    let directory: TemporaryDirectory
    /// The broker's URL; results are kept there too.
    let store: String
    /// Sees the same broker from within the test.
    let app: CeleryApp
    /// What stands before each command.
    private let globals: [String]

    /// - Parameter settings: A settings file in JSON that all commands read.
    init(settings: String? = nil) throws {
        directory = try TemporaryDirectory("command")
        store = "sqlite:///\(directory.path("celery.sqlite"))"
        app = CeleryApp("reader", broker: store)
        guard let settings else {
            globals = ["-b", store]
            return
        }
        try directory.write(settings, to: "celery.json")
        globals = ["-b", store, "--config", "celery.json"]
    }

    /// Starts the separate command `celery`, which has no app.
    func start(_ arguments: [String], input: String = "") throws -> ToolProcess {
        try ToolProcess("celery", globals + arguments, directory: directory.url, input: input)
    }

    /// Runs it to its end.
    func celery(_ arguments: String..., input: String = "") async throws -> ToolProcess.Outcome {
        try await start(arguments, input: input).outcome()
    }

    /// Sends a task with `celery call`, which has to print its id and nothing else.
    @discardableResult
    func call(_ arguments: String...) async throws -> String {
        let outcome = try await start(["call"] + arguments).outcome()
        let id = String(outcome.output.dropLast())
        guard outcome.code == 0, outcome.errors == "", outcome.output.last == "\n", UUID(uuidString: id) != nil else {
            throw ServiceError("call \(arguments): \(outcome)")
        }
        return id
    }

    /// What `celery result` prints of a task that succeeds, without the end of the line.
    func value(of id: String) async throws -> String {
        let outcome = try await celery("result", id, "--timeout", "20")
        guard outcome.code == 0, outcome.errors == "" else { throw ServiceError("result \(id): \(outcome)") }
        return String(outcome.output.dropLast())
    }

    /// Runs a worker of the test's own app, and hands it over once it is ready. It is stopped at the end, and has to have
    /// ended by itself with exit code 0.
    @discardableResult
    func withWorker(
        _ arguments: [String] = [],
        pool: String = "solo",
        environment: [String: String] = [:],
        _ body: (ToolProcess) async throws -> Void
    ) async throws -> ToolProcess.Outcome {
        let options = ["worker", "-l", "INFO", "-n", "w1@test", "-P", pool]
        let worker = try ToolProcess(
            "CLITestApp",
            globals + options + arguments,
            environment: environment,
            directory: directory.url
        )
        do {
            try await worker.prints("w1@test ready.")
            try await body(worker)
        } catch {
            worker.signal(SIGKILL)
            throw error
        }
        worker.signal(SIGTERM)
        let outcome = try await worker.outcome()
        #expect(outcome.code == 0, "\(outcome.errors)")
        return outcome
    }

    /// The messages that may be taken from a queue, first ones first; they stay there.
    func messages(in queue: String) async throws -> [Message] {
        let transport = try await app.transport()
        guard let count = try await transport.status(of: [queue]).first?.ready, count > 0 else { return [] }
        let consumer = try await transport.openConsumer(ConsumerConfiguration(name: "reader@test", queues: [queue]))
        var messages: [Message] = []
        while messages.count < count {
            let deliveries = try await consumer.receive(upTo: count - messages.count)
            messages += deliveries.compactMap { if case .message(let message) = $0.content { message } else { nil } }
        }
        try await consumer.close()
        return messages
    }

    /// The ids of the tasks of those messages.
    func ids(in queue: String) async throws -> [String] { try await messages(in: queue).map(\.headers.id) }

    /// How many messages may be taken from each of these queues.
    func counts(_ queues: String...) async throws -> [Int] {
        let transport = try await app.transport()
        var counts: [Int] = []
        for queue in queues { counts.append(try await transport.status(of: [queue]).first?.ready ?? 0) }
        return counts
    }

    /// The one message of a queue whose time has not come, and that time.
    func postponed(in queue: String) async throws -> PostponedMessage {
        let messages = try await app.transport().postponed(in: [queue], limit: 2)
        guard let message = messages.first, messages.count == 1 else {
            throw ServiceError("\(messages.count) messages in \(queue) wait for their time")
        }
        return message
    }
}

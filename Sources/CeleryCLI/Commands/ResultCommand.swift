//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryCore
import CeleryKit
import CeleryWire

/// `celery result ID`: waits for a task's result and prints it.
struct ResultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "result",
        abstract: "Wait for the result of a task and print it.",
        discussion: "Exit code 1 when the task failed, 69 when there is no result in time."
    )

    @Argument(help: ArgumentHelp("Id of the task.", valueName: "id"))
    var id: String

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("Name of the task, for messages.", valueName: "name")
    )
    var task: String?

    @Flag(help: "Print the traceback instead.")
    var traceback = false

    @Option(help: ArgumentHelp("How long to wait; 0 does not wait.", valueName: "s"))
    var timeout = 60.0

    @Flag(help: "Print state, result, traceback, … as JSON.")
    var json = false

    mutating func validate() throws {
        guard (0...1e11).contains(timeout) else {
            throw ValidationError("--timeout is \(timeout); it has to be a number of seconds, 0 or more")
        }
    }

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let backend = try await context.app.resultBackend()
        let known = try await backend.fetch([id], timeout: context.app.settings.brokerTimeout)[id]
        let meta: TaskMeta
        if let known, known.state.isReady {
            meta = known
        } else if timeout > 0, let arrived = try await backend.wait(for: id, timeout: .bounded(seconds: timeout)) {
            meta = arrived
        } else {
            let message =
                "there is no result of task \(label) yet (state \(known?.state ?? .pending)) in \(backend.location)"
            throw CommandFailure(message + (await Self.absence(context)), code: .unavailable)
        }
        try show(meta)
    }

    /// Says so when no worker is there that could run it.
    private static func absence(_ context: CommandContext) async -> String {
        guard let transport = try? await context.app.transport(), let consumers = try? await transport.consumers(),
            !consumers.contains(where: \.isAlive)
        else { return "" }
        return "; no worker runs on \(transport.location)"
    }

    private var label: String { task.map { "\($0)[\(id)]" } ?? id }

    private func show(_ meta: TaskMeta) throws {
        if json {
            Terminal.say(try Self.describe(meta).settingJSON)
            if meta.state.isException { throw CommandFailure("", code: .failure) }
            return
        }
        if traceback {
            Terminal.say(meta.traceback ?? "(no traceback)")
            return
        }
        switch meta.outcome {
        case .value(let value): Terminal.say(try Self.text(value.value()))
        case .exception(let exception):
            let verb = meta.state == .revoked ? "was revoked" : "failed"
            throw CommandFailure("task \(label) \(verb): \(exception.line)")
        }
    }

    /// A text as it is, anything else as JSON.
    private static func text(_ value: CeleryValue) -> String {
        if case .string(let text) = value { text } else { value.settingJSON }
    }

    private static func describe(_ meta: TaskMeta) throws -> CeleryValue {
        var object: CeleryObject = ["id": .string(meta.taskID), "state": .string(meta.state.rawValue)]
        switch meta.outcome {
        case .value(let value): object["result"] = try value.value()
        case .exception(let exception):
            object["result"] = .null
            object["exception"] = [
                "type": .string(exception.type), "message": .string(exception.message),
                "module": exception.module.map { .string($0) } ?? .null,
            ]
        }
        object["traceback"] = meta.traceback.map { .string($0) } ?? .null
        object["date_done"] = meta.dateDone.map { .string($0) } ?? .null
        return .object(object)
    }
}

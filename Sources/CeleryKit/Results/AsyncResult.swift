//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
public import CeleryWire
import Logging

/// The result of a task that was sent, or of any task whose id is known.
///
/// A value: keep it, copy it, make it anew from the id in another process.
public struct AsyncResult<Output: Codable & Sendable>: Sendable {
    /// The task's id.
    public let id: String
    let app: CeleryApp
    /// The task's name, when known; only for messages.
    public let taskName: String?
    /// Whether the task was sent with its result ignored.
    public let isIgnored: Bool
    /// What this and other tasks came to that ran in this process instead of being sent.
    let eager: EagerResults?
    /// Of a workflow: what it is made of. Nil of a single task.
    package let tree: ResultTree?

    /// The result of any task by its id.
    public init(id: String, app: CeleryApp) {
        self.init(id: id, app: app, taskName: nil, isIgnored: false)
    }

    init(id: String, app: CeleryApp, taskName: String?, isIgnored: Bool, eager: EagerResults? = nil) {
        tree = nil
        self.id = id
        self.app = app
        self.taskName = taskName
        self.isIgnored = isIgnored
        self.eager = eager
    }

    /// The result of a workflow.
    package init(tree: ResultTree, app: CeleryApp) { self.init(tree: tree, app: app, eager: nil) }

    init(tree: ResultTree, app: CeleryApp, eager: EagerResults?) {
        id = tree.id
        self.app = app
        taskName = nil
        isIgnored = false
        self.eager = eager
        self.tree = tree
    }

    /// The result of the step before this one in its workflow, as far as it is known.
    public var parent: AsyncResult<CeleryValue>? { tree?.parent.map(related) }

    /// The ids that it is made of, as Python's `as_tuple` gives them: `[[id, parent], null]` of a task, `[[id, parent], [member, …]]`
    /// of a group. To be kept, and made into a result again by ``init(tuple:app:)`` or Python's `result_from_tuple`.
    public var tuple: CeleryValue { (tree ?? .task(id: id, parent: nil)).tuple }

    /// A result from the ids that it is made of; see ``tuple``.
    ///
    /// - Throws: ``CeleryError`` `.decoding` for what is no such tuple.
    public init(tuple: CeleryValue, app: CeleryApp) throws {
        do {
            self.init(tree: try ResultTree(tuple: tuple), app: app)
        } catch {
            throw CeleryError(.decoding, "that is no result: \(error.message)", cause: error)
        }
    }

    /// Waits for the task to end, for so long at most, and returns what it returned. The task goes on when time is up.
    ///
    /// - Throws: ``CeleryError``: `.taskFailed` and `.taskRevoked` with the remote exception and traceback; `.timedOut`;
    ///   `.backendUnavailable`; `.decoding` when the result is not an `Output`; `.resultIgnored`.
    public func get(timeout: Duration = .seconds(60)) async throws -> Output {
        if case .group? = tree { return try await join(timeout: timeout) }
        guard !isIgnored else { throw nothingToWaitFor }
        if let eager {
            guard let meta = eager[id] else { throw neverRan(id) }
            return try output(of: meta)
        }
        guard let ended = try await app.end(of: id, timeout: timeout) else { throw await timeoutError(timeout) }
        return try output(of: ended.meta)
    }

    var nothingToWaitFor: CeleryError {
        CeleryError(
            .resultIgnored,
            "task \(label) was sent with its result ignored: there is nothing to wait for",
            taskID: id,
            taskName: taskName
        )
    }

    /// What is stored now; nil when nothing is known of the task (it waits, or never was, or was forgotten).
    public func meta() async throws -> TaskMeta? {
        try await metas(of: [id])[id]
    }

    /// What is known of these tasks of the same workflow.
    func metas(of ids: [String]) async throws -> [String: TaskMeta] {
        if let eager { return eager.metas(of: ids) }
        return try await app.metas(of: ids)
    }

    /// The result of another part of the same workflow.
    func related<Other>(_ tree: ResultTree) -> AsyncResult<Other> {
        AsyncResult<Other>(tree: tree, app: app, eager: eager)
    }

    /// Of a task that was to run in this process, and did not.
    func neverRan(_ id: String) -> CeleryError {
        CeleryError(
            .resultIgnored,
            "task \(id) has no result: a step before it was ignored or rejected, or failed with task_eager_propagates",
            taskID: id
        )
    }

    /// The state now; PENDING when nothing is known of the task.
    public func state() async throws -> TaskState { try await meta()?.state ?? .pending }

    /// Whether the task has ended, in whatever way; of a group, whether all of its members have.
    public func ready() async throws -> Bool { try await states().allSatisfy(\.isReady) }

    /// Whether the task has ended well; of a group, whether all of its members have.
    public func successful() async throws -> Bool { try await states().allSatisfy { $0 == .success } }

    /// Whether the task has ended with an error; of a group, whether a member has.
    public func failed() async throws -> Bool { try await states().contains(.failure) }

    /// Of the tasks that it comes to: itself, or the members of the group.
    func states() async throws -> [TaskState] {
        guard case .group? = tree else { return [try await state()] }
        let ids = leaves
        let metas = try await metas(of: ids)
        return ids.map { metas[$0]?.state ?? .pending }
    }

    /// The stored traceback of a failed or retried task.
    public func traceback() async throws -> String? { try await meta()?.traceback }

    /// What a custom state carries, such as the progress of ``TaskContext/updateState(_:_:)``.
    ///
    /// - Returns: Nil when nothing is stored, or an exception is.
    public func info<Info: Decodable>(as type: Info.Type) async throws -> Info? {
        guard case .value(let value)? = try await meta()?.outcome else { return nil }
        do {
            return try value.decode(as: Info?.self)
        } catch {
            throw decodingError(error, "\(type)")
        }
    }

    /// What this task sent, as far as it is stored; of a group its members.
    public func children() async throws -> [AsyncResult<CeleryValue>] {
        if case .group(_, _, let members)? = tree {
            return members.map(related)
        }
        return try await meta()?.children
            .compactMap { try? ResultTree(tuple: $0) }
            .map(related) ?? []
    }

    /// Deletes the stored result.
    public func forget() async throws {
        do {
            try await app.resultBackend().forget([id])
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: id)
        }
    }

    /// Tells all workers not to start the task, and with `terminate` to end it when it runs.
    public func revoke(terminate: Bool = false, signal: String = "SIGTERM") async throws {
        try await app.revoke([id], terminate: terminate, signal: signal)
    }

    var label: String { taskName.map { "\($0)[\(id)]" } ?? id }

    @inline(never)
    func output(of meta: TaskMeta) throws -> Output {
        switch meta.outcome {
        case .value(let value):
            do {
                return try value.decode(as: Output.self)
            } catch {
                throw decodingError(error, "\(Output.self)")
            }
        case .exception(let exception):
            let verb = meta.state == .revoked ? "was revoked" : "failed"
            throw CeleryError(
                meta.state == .revoked ? .taskRevoked : .taskFailed,
                "task \(label) \(verb): \(exception.line)",
                taskID: id,
                taskName: taskName,
                exception: exception,
                traceback: meta.traceback
            )
        }
    }

    func decodingError(_ error: WireError, _ type: String) -> CeleryError {
        CeleryError(
            .decoding,
            "the result of task \(label) is not of type \(type): \(error.message)",
            taskID: id,
            taskName: taskName,
            cause: error
        )
    }

    /// A time-out says where it looked, and whether anybody could have run the task.
    func timeoutError(_ timeout: Duration) async -> CeleryError {
        let state = (try? await self.state()) ?? .pending
        var message = "no result of task \(label) within \(timeout.inSeconds) s (state \(state))"
        if let transport = try? await app.transport() {
            message += "; broker \(transport.location)"
            if let consumers = try? await transport.consumers(), !consumers.contains(where: \.isAlive) {
                message += "; no worker has been seen on it"
            }
        }
        return CeleryError(.timedOut, message, taskID: id, taskName: taskName)
    }
}

/// What is stored of a task that has ended. A class, because each copy of a meta would take its room in the frame of every
/// task that waits for one.
final class EndedTask: Sendable {
    let meta: TaskMeta

    init(_ meta: TaskMeta) { self.meta = meta }
}

extension CeleryApp {
    /// Waits until the task has ended; nil when it has not within that time.
    func end(of id: String, timeout: Duration) async throws -> EndedTask? {
        do {
            return try await resultBackend().wait(for: id, timeout: timeout).map(EndedTask.init)
        } catch let error as TransportError {
            try Task.checkCancellation()
            throw SendingErrors.backend(error, id: id)
        }
    }

    /// Tells all workers not to start the tasks, and with `terminate` to end those that run.
    ///
    /// The store keeps it, for Swift workers that are not there now, and it is broadcast: workers of either language that are
    /// there act on it at once.
    /// - Throws: ``CeleryError`` `.brokerUnavailable`, also when the broker cannot do either.
    public func revoke(_ ids: [String], terminate: Bool = false, signal: String = "SIGTERM") async throws {
        do {
            let transport = try await transport()
            guard let store = transport.revocations else {
                guard transport.broadcasts != nil else {
                    throw TransportError(.unsupported, "this broker keeps no revocations and passes on no commands")
                }
                return try await broadcastRevocation(of: ids, terminate: terminate, signal: signal)
            }
            let expires = Timestamp.now.advanced(by: .seconds(10800))
            try await store.revoke(
                ids.map { Revocation(taskID: $0, terminate: terminate, signal: signal, expires: expires) }
            )
            guard transport.broadcasts != nil, !ids.isEmpty else { return }
            do {
                try await broadcastRevocation(of: ids, terminate: terminate, signal: signal)
            } catch {
                // It is kept, so Swift workers will know.
                logger.warning("a revocation was kept but not broadcast: \(error)")
            }
        } catch let error as TransportError {
            throw SendingErrors.broker(error)
        }
    }

    private func broadcastRevocation(of ids: [String], terminate: Bool, signal: String) async throws {
        try await control.broadcast(
            "revoke",
            [
                "task_id": .array(ids.map { .string($0) }), "terminate": .bool(terminate), "signal": .string(signal),
            ]
        )
    }
}

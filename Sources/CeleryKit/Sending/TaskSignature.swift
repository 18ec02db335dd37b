//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// A complete call of a task as a value: it can be kept, sent many times, or linked to others.
public struct TaskSignature<Output: Codable & Sendable>: Sendable {
    let app: CeleryApp
    /// The call as it travels.
    public internal(set) var signature: Signature
    /// As declared; nil for a task that is known by its name only.
    let defaults: TaskOptions?
    private(set) var callbacks: [Signature] = []
    private(set) var errbacks: [Signature] = []

    init(app: CeleryApp, signature: Signature, defaults: TaskOptions?) {
        self.app = app
        self.signature = signature
        self.defaults = defaults
    }

    /// Adds a task that is called with this one's result when it succeeds.
    ///
    /// The result is put before the callback's own arguments, unless the callback is immutable.
    public func link(_ callback: TaskSignature<some Codable & Sendable>) -> TaskSignature {
        var copy = self
        let signature = callback.wireSignature
        if !copy.callbacks.contains(signature) { copy.callbacks.append(signature) }
        return copy
    }

    /// Adds a task that is called with this one's id when it fails.
    public func linkError(_ errback: TaskSignature<some Codable & Sendable>) -> TaskSignature {
        var copy = self
        let signature = errback.wireSignature
        if !copy.errbacks.contains(signature) { copy.errbacks.append(signature) }
        return copy
    }

    /// Sends the call with the task's own options.
    @discardableResult
    public func delay() async throws -> AsyncResult<Output> { try await applyAsync(SendOptions()) }

    /// Sends the call with options for this sending.
    @discardableResult
    public func applyAsync(_ options: SendOptions) async throws -> AsyncResult<Output> {
        try await app.sender.send(
            task: signature.task,
            body: TaskBody(
                arguments: signature.arguments,
                keywords: signature.keywords,
                embed: TaskBody.Embed(callbacks: callbacks, errbacks: errbacks)
            ),
            taskOptions: taskOptions,
            options: options
        )
    }

    /// Sends the call; the most used options as parameters, all of them in ``SendOptions``.
    @discardableResult
    public func applyAsync(
        countdown: Duration? = nil,
        eta: Timestamp? = nil,
        expires: Duration? = nil,
        queue: String? = nil,
        priority: Int? = nil,
        taskID: String? = nil
    ) async throws -> AsyncResult<Output> {
        try await applyAsync(
            SendOptions(
                taskID: taskID,
                countdown: countdown,
                eta: eta,
                expires: expires,
                queue: queue,
                priority: priority
            )
        )
    }

    private var taskOptions: TaskOptions {
        defaults.map { app.options(of: signature.task, declared: $0) } ?? app.options(of: signature.task)
    }

    /// The call with its own links inside its options, as callbacks travel.
    var wireSignature: Signature {
        var signature = signature
        if let queue = taskOptions.queue, signature.options["queue"] == nil {
            signature.options["queue"] = .string(queue)
        }
        if !callbacks.isEmpty { signature.options["link"] = .array(callbacks.map { (try? $0.value()) ?? .null }) }
        if !errbacks.isEmpty { signature.options["link_error"] = .array(errbacks.map { (try? $0.value()) ?? .null }) }
        return signature
    }
}

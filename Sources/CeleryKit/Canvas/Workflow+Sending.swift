//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
public import CeleryWire

extension Workflow where Input: WorkflowStart {
    /// Sends it with its tasks' own options.
    ///
    /// - Throws: ``CeleryError``: `.brokerUnavailable` within `broker_timeout`, `.backendUnavailable` for one with a chord,
    ///   `.encoding`, `.queueNotFound`, `.misconfigured`.
    @discardableResult
    public func delay() async throws -> AsyncResult<Output> { try await applyAsync(SendOptions()) }

    /// Sends it with options for the tasks that are sent at once: of a chain the first.
    ///
    /// A `taskID` names what the workflow comes to: the only task, the last of a chain, the body of a chord.
    @discardableResult
    public func applyAsync(_ options: SendOptions) async throws -> AsyncResult<Output> {
        if let failure { throw failure }
        if case .call = node.shape { return try await call(options) }
        return try await app.sender.send(node, options: options)
    }

    /// Sends it; the most used options as parameters, all of them in ``SendOptions``.
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

    private func call(_ options: SendOptions) async throws -> AsyncResult<Output> {
        let signature = node.signature
        var sendOptions = SendOptions(signature.options, overriding: options)
        sendOptions.taskID = options.taskID ?? sendOptions.taskID
        sendOptions.groupID = sendOptions.groupID ?? node.continuation.groupID
        sendOptions.groupIndex = sendOptions.groupIndex ?? node.continuation.groupIndex
        return try await app.sender.send(
            task: signature.task,
            body: TaskBody(
                arguments: signature.arguments,
                keywords: signature.keywords,
                embed: TaskBody.Embed(
                    callbacks: node.continuation.callbacks,
                    errbacks: node.continuation.errbacks,
                    chain: node.continuation.chain,
                    chord: node.continuation.chord
                )
            ),
            taskOptions: app.options(of: signature.task),
            options: sendOptions
        )
    }
}

extension GroupWorkflow where Input: WorkflowStart {
    /// Sends all members; see ``Workflow/delay()``.
    @discardableResult
    public func delay() async throws -> GroupResult<Element> { try await applyAsync(SendOptions()) }

    /// Sends all members with options for each of them. A `taskID` names the group.
    @discardableResult
    public func applyAsync(_ options: SendOptions) async throws -> GroupResult<Element> {
        GroupResult(result: try await workflow.applyAsync(options))
    }

    /// Sends all members; the most used options as parameters, all of them in ``SendOptions``.
    @discardableResult
    public func applyAsync(
        countdown: Duration? = nil,
        eta: Timestamp? = nil,
        expires: Duration? = nil,
        queue: String? = nil,
        priority: Int? = nil,
        taskID: String? = nil
    ) async throws -> GroupResult<Element> {
        GroupResult(
            result: try await workflow.applyAsync(
                countdown: countdown,
                eta: eta,
                expires: expires,
                queue: queue,
                priority: priority,
                taskID: taskID
            )
        )
    }
}

extension Sender {
    /// In one call of the broker at most.
    private static let batch = 1000

    /// Sends a composed workflow and returns the handle of what it comes to.
    ///
    /// - Parameters:
    ///   - isRepeated: Whether whoever sends it may only do again what was done before a worker's death.
    ///   - prepare: Called when all of it could be built, before the first message is published.
    func send<Output: Codable & Sendable>(
        _ node: CanvasNode,
        options: SendOptions,
        isRepeated: Bool = false,
        prepare: () async throws -> Void = {}
    ) async throws -> AsyncResult<Output> {
        let settings = app.configuration.settings
        if settings.taskAlwaysEager {
            return try await runEagerly(node, options: options, propagates: settings.taskEagerPropagates)
        }
        var node = node
        if let id = options.taskID { node.last(is: id) }
        let known = isRepeated ? [] : node.knownChords
        var origin = CanvasOrigin()
        origin.options = options
        origin.options.taskID = nil
        var whole: ResultTree?
        if let limit = settings.taskChainInlineLimit {
            (node, whole) = try await cutting(node, to: limit, origin.makeID)
        }
        if node.hasChord || node.beginsWithChord {
            try await app.openResultBackend()
            try await app.requireChords()
        }
        var (plan, planned) = try CanvasSender(app: app).plan(node, from: origin)
        if !known.isEmpty, !app.pollsChords {
            // Sent once more: those that whoever ends a step begins may be over, and would stay so.
            let first = Set(plan.chords.map(\.groupID))
            let expires = settings.resultChordExpires ?? settings.resultExpires
            plan.chords += known.filter { !first.contains($0.id) }
                .map { ChordStart(groupID: $0.id, size: $0.size, expires: expires) }
        }
        if isRepeated { for index in plan.chords.indices { plan.chords[index].isAnew = false } }
        let result = whole ?? planned
        try await prepare()
        try await send(plan, options: options)
        if options.addToParent { for child in result.asChildren { TaskContext.current?.addChild(child) } }
        return AsyncResult(tree: result, app: app)
    }

    /// The workflow with its long chains cut, and their later parts stored; and the results of all of it.
    func cutting(
        _ node: CanvasNode,
        to limit: Int,
        _ makeID: @escaping () -> String
    ) async throws -> (node: CanvasNode, result: ResultTree) {
        var whole = CanvasSender(app: app).routed(node)
        let result = whole.freeze(makeID)
        var cutter = ChainCutter(limit: limit) { [app] signature in
            let route = try? app.router.route(signature.task, args: signature.arguments, kwargs: signature.keywords)
            return route?.queue.name
        }
        let cut = cutter.cut(whole)
        guard !cutter.blocks.isEmpty else { return (cut, result) }
        let settings = app.settings
        let blocks = try cutter.blocks.map { block in
            let value = try SendingErrors.encoding(ChainRest.taskName) { try block.workflow.wire().value() }
            let meta = TaskMeta(taskID: block.id, state: .success, outcome: .value(EncodedValue(value)))
            return StoredResult(meta, expires: settings.resultExpires)
        }
        do {
            let backend = try await app.resultBackend()
            guard !(backend is DisabledResultBackend) else {
                throw TransportError(
                    .misconfigured,
                    "task_chain_inline_limit keeps the rest of a long chain in the result backend, and none is configured: "
                        + "set result_backend"
                )
            }
            try await backend.store(blocks, timeout: settings.brokerTimeout)
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: result.id)
        }
        return (cut, result)
    }

    /// Makes the chords known, then publishes the messages.
    func send(_ plan: CanvasPlan, options: SendOptions) async throws {
        try await app.start(plan.chords)
        do {
            for first in stride(from: 0, to: plan.messages.count, by: Self.batch) {
                let batch = plan.messages[first..<min(first + Self.batch, plan.messages.count)]
                try await publish(Array(batch), options: options)
            }
        } catch let error as TransportError {
            throw SendingErrors.broker(error)
        }
        for message in plan.messages { app.middleware.afterPublish(message.message) }
    }
}

extension CeleryApp {
    /// How a chord is sent depends on whether the result backend counts.
    func openResultBackend() async throws {
        do {
            _ = try await resultBackend()
        } catch let error as TransportError {
            throw SendingErrors.backend(error)
        }
    }

    /// Makes chords known to the result backend.
    package func start(_ chords: [ChordStart]) async throws {
        guard !chords.isEmpty else { return }
        do {
            let backend = try await resultBackend()
            guard let store = backend.chords else { throw Self.countsNone(backend) }
            try await store.start(chords, timeout: settings.brokerTimeout)
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: chords[0].groupID)
        }
    }

    /// Refuses a workflow with a chord in it that nobody would ever end, wherever it comes to that.
    fileprivate func requireChords() async throws {
        let backend = try await resultBackend()
        if backend.chords == nil, !pollsChords { throw SendingErrors.backend(Self.countsNone(backend)) }
    }

    private static func countsNone(_ backend: any ResultBackend) -> TransportError {
        TransportError(
            .unsupported,
            "\(backend.location) cannot count the parts of a chord: set result_backend to one that can"
        )
    }
}

extension CanvasNode {
    /// Gives what it comes to an id.
    mutating func last(is id: String) {
        switch shape {
        case .call, .group: self.id = id
        case .chain(var steps):
            guard !steps.isEmpty else { return }
            steps[steps.count - 1].last(is: id)
            shape = .chain(steps)
        case .chord(let header, var body):
            body.last(is: id)
            shape = .chord(header: header, body: body)
        }
    }
}

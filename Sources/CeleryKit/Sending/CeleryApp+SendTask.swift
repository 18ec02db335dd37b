//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

extension CeleryApp {
    /// Sends a task by name: one that lives elsewhere, in any language.
    ///
    /// The options of a task registered here under that name apply.
    /// - Throws: ``CeleryError``: `.brokerUnavailable` within `broker_timeout`, `.encoding`, `.queueNotFound`.
    @discardableResult
    public func sendTask(
        _ name: String,
        args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: SendOptions = SendOptions()
    ) async throws -> AsyncResult<CeleryValue> {
        try await sendTask(name, args: args, kwargs: kwargs, options: options, returning: CeleryValue.self)
    }

    /// Sends a task by name whose result is of a known type.
    @discardableResult
    public func sendTask<Output: Codable & Sendable>(
        _ name: String,
        args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: SendOptions = SendOptions(),
        returning: Output.Type
    ) async throws -> AsyncResult<Output> {
        try await sender.send(
            task: name,
            body: TaskBody(
                arguments: args.map { EncodedValue($0) },
                keywords: kwargs.members.map { TaskBody.Keyword($0.key, EncodedValue($0.value)) }
            ),
            taskOptions: self.options(of: name),
            options: options
        )
    }

    /// A call of a task by name as a value, for tasks that live elsewhere: it may be sent, or follow any step, whose result is then
    /// its first argument.
    ///
    /// Nobody checks that the task takes that.
    public func signature(_ name: String, args: [CeleryValue] = [], kwargs: CeleryObject = [:]) -> Workflow<
        Unchecked, CeleryValue
    > { signature(name, args: args, kwargs: kwargs, returning: CeleryValue.self) }

    /// A call of a task by name whose result is of a known type.
    public func signature<Output: Codable & Sendable>(
        _ name: String,
        args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        returning: Output.Type
    ) -> Workflow<Unchecked, Output> {
        Workflow(app: self, node: CanvasNode(call: signature(name, args, kwargs, immutable: false)))
    }

    /// A call of a task by name that takes nothing from the step before it.
    public func immutableSignature(
        _ name: String,
        args: [CeleryValue] = [],
        kwargs: CeleryObject = [:]
    ) -> Workflow<Independent, CeleryValue> {
        Workflow(app: self, node: CanvasNode(call: signature(name, args, kwargs, immutable: true)))
    }

    /// A workflow from its signature, as Python or ``Workflow/signature()`` writes it.
    ///
    /// - Throws: ``CeleryError`` `.decoding` for a chain, group or chord whose parts are not signatures.
    public func workflow(_ signature: Signature) throws -> Workflow<Unchecked, CeleryValue> {
        do {
            return Workflow(app: self, node: try CanvasNode(signature))
        } catch {
            throw CeleryError(
                .decoding,
                "that is no workflow: \(error.message)",
                taskName: signature.task,
                cause: error
            )
        }
    }

    private func signature(
        _ name: String,
        _ args: [CeleryValue],
        _ kwargs: CeleryObject,
        immutable: Bool
    ) -> Signature {
        Signature(
            task: name,
            arguments: args.map { EncodedValue($0) },
            keywords: kwargs.members.map { TaskBody.Keyword($0.key, EncodedValue($0.value)) },
            immutable: immutable
        )
    }
}

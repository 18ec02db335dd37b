//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension Workflow where Input: Encodable & Sendable {
    /// The same with what it lacks, complete: `add.s(3).taking(2)` is `add.s(2, 3)`.
    ///
    /// Of a chain its first step takes it, of a group or chord each member; what is immutable takes nothing.
    public func taking(_ input: Input) -> Workflow<Complete, Output> {
        do throws(WireError) {
            var complete = Workflow<Complete, Output>(app: app, node: node, failure: failure)
            complete.node.take([try EncodedValue(encoding: input)])
            return complete
        } catch {
            let failure = SendingErrors.encoding(error, task: node.signature.task)
            return Workflow<Complete, Output>(app: app, node: node, failure: failure)
        }
    }

    /// Sends it with what it lacks.
    @discardableResult
    public func delay(_ input: Input) async throws -> AsyncResult<Output> { try await taking(input).delay() }

    /// Sends it with what it lacks, and options for the tasks that are sent at once.
    @discardableResult
    public func applyAsync(_ input: Input, options: SendOptions) async throws -> AsyncResult<Output> {
        try await taking(input).applyAsync(options)
    }
}

extension GroupWorkflow where Input: Encodable & Sendable {
    /// The same with what each of its members lacks, complete.
    public func taking(_ input: Input) -> GroupWorkflow<Complete, Element> {
        GroupWorkflow<Complete, Element>(workflow.taking(input))
    }

    /// Sends all members with what they lack.
    @discardableResult
    public func delay(_ input: Input) async throws -> GroupResult<Element> { try await taking(input).delay() }
}

extension CanvasNode {
    /// Puts arguments before those of the tasks that are sent first, and adds keywords to theirs, as a result from the step before
    /// would come to them.
    mutating func take(_ arguments: [EncodedValue], _ keywords: [TaskBody.Keyword] = []) {
        guard !signature.immutable, !arguments.isEmpty || !keywords.isEmpty else { return }
        switch shape {
        case .call:
            signature.arguments.insert(contentsOf: arguments, at: 0)
            let given = Set(keywords.map(\.name))
            signature.keywords = signature.keywords.filter { !given.contains($0.name) } + keywords
        case .chain(var steps):
            guard !steps.isEmpty else { return }
            steps[0].take(arguments, keywords)
            shape = .chain(steps)
        case .group(var members):
            for index in members.indices { members[index].take(arguments, keywords) }
            shape = .group(members)
        case .chord(var header, let body):
            header.take(arguments, keywords)
            shape = .chord(header: header, body: body)
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Logging
import Testing

@testable import CeleryKit

/// What a workflow begins with: the messages, and what they say follows.
struct PlannedCanvas {
    let app: CeleryApp

    init(_ configure: (inout CelerySettings) -> Void = { _ in }) {
        var registry = PluginRegistry()
        registry.registerMemory()
        var settings = CelerySettings()
        settings.brokerURL = "memory://"
        configure(&settings)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        app = CeleryApp("test", registry: registry, settings: settings, logger: logger)
    }

    struct Step {
        var headers: TaskHeaders
        var properties: MessageProperties
        var body: TaskBody

        var embed: TaskBody.Embed { body.embed }
        var arguments: [CeleryValue] { body.arguments.map { (try? $0.value()) ?? .null } }
    }

    func s(_ name: String, _ args: CeleryValue...) -> Workflow<Unchecked, CeleryValue> {
        app.signature(name, args: args)
    }

    func si(_ name: String, _ args: CeleryValue...) -> Workflow<Independent, CeleryValue> {
        app.immutableSignature(name, args: args)
    }

    func workflow(_ node: CanvasNode) -> Workflow<Unchecked, CeleryValue> {
        Workflow(app: app, node: node)
    }

    /// The messages with which a workflow begins.
    func steps<Input, Output>(_ workflow: Workflow<Input, Output>) throws -> [Step] {
        try steps(workflow.node, CanvasOrigin())
    }

    func steps<Input, Element>(_ group: GroupWorkflow<Input, Element>) throws -> [Step] { try steps(group.workflow) }

    /// What a task sends that has ended well.
    func after(_ step: Step, returning value: CeleryValue) throws -> [Step] {
        var origin = CanvasOrigin(parentID: step.headers.id, rootID: step.headers.rootID)
        origin.input = EncodedValue(value)
        var steps: [Step] = []
        for callback in step.embed.callbacks { steps += try self.steps(CanvasNode(callback), origin) }
        if var chain = step.embed.chain, let next = try chain.popNext() {
            var more = CanvasNode.Continuation()
            more.chain = chain
            steps += try self.steps(CanvasNode(next).attaching(more), origin)
        }
        return steps
    }

    func chords<Input, Output>(_ workflow: Workflow<Input, Output>) throws -> [ChordStart] {
        try CanvasSender(app: app).plan(workflow.node, from: CanvasOrigin()).plan.chords
    }

    func steps(_ node: CanvasNode, _ origin: CanvasOrigin) throws -> [Step] {
        try CanvasSender(app: app).plan(node, from: origin).plan.messages
            .map { outgoing in
                let message = outgoing.message
                let body = try WireCodec().decodeBody(of: message)
                return Step(headers: message.headers, properties: message.properties, body: body)
            }
    }
}

extension CanvasNode {
    /// `a`, `a|b` for a chain, `[a, b]` for a group, `[a, b]>c` for a chord, `(…)` around what is inside of a chain.
    var sketch: String {
        switch shape {
        case .call: signature.task + (continuation.chain?.isEmpty == false ? "…" : "")
        case .chain(let steps): steps.map(\.sketch).joined(separator: "|")
        case .group(let members): "[\(members.map(\.sketch).joined(separator: ", "))]"
        case .chord(let header, let body): "\(header.sketch)>(\(body.sketch))"
        }
    }
}

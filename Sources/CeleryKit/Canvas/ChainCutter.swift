//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Cuts what of a workflow's chains is longer than a message should carry; see ``ChainRest``.
struct ChainCutter {
    /// How many calls of a chain travel.
    let limit: Int
    /// Where a task is sent by default.
    let queue: (Signature) -> String?
    /// What is to be stored, by id.
    private(set) var blocks: [(id: String, workflow: CanvasNode)] = []

    init(limit: Int, queue: @escaping (Signature) -> String?) { (self.limit, self.queue) = (limit, queue) }

    /// The workflow, with references in place of what is too long. All its parts have their ids.
    ///
    /// A chain that ends in a group stays whole: it comes to no one task whose id a reference could have.
    mutating func cut(_ node: CanvasNode) -> CanvasNode {
        var node = node
        if !node.endsInGroup, let steps = node.steps {
            let options = node.signature.options
            let own = node.continuation
            node = CanvasNode.chain(split(steps.map { cut($0) }))
            (node.signature.options, node.continuation) = (options, own)
            return node
        }
        switch node.shape {
        case .call: break
        case .group(let members): node.shape = .group(members.map { cut($0) })
        case .chain(let steps): node.shape = .chain(steps.map { cut($0) })
        case .chord(let header, let body): node.shape = .chord(header: cut(header), body: cut(body))
        }
        return node
    }

    private mutating func split(_ steps: [CanvasNode]) -> [CanvasNode] {
        var kept: [CanvasNode] = []
        var count = 0
        for step in steps {
            count += step.calls.count
            guard kept.isEmpty || count <= limit else { break }
            kept.append(step)
        }
        var rest = Array(steps.dropFirst(kept.count))
        // A reference in place of a single call would save nothing.
        guard rest.count > 1, let id = rest.last?.endID else { return steps }
        // Not derived from anything: what was stored under an id is never stored anew.
        let block = TaskID.random()
        // Whoever counts the chain's end in a chord counts the reference, and what runs in its place.
        let place = rest[rest.count - 1].takePlace()
        var reference = reference(to: block, instead: rest, id)
        (reference.continuation.chord, reference.continuation.groupID, reference.continuation.groupIndex) =
            (place.chord, place.groupID, place.groupIndex)
        blocks.append((block, CanvasNode.chain(split(rest))))
        return kept + [reference]
    }

    /// It goes where the first task of the rest would go, and whoever would be told of failures is told of its own.
    private func reference(to block: String, instead rest: [CanvasNode], _ id: String) -> CanvasNode {
        var call = CanvasNode(call: Signature(task: ChainRest.taskName, arguments: [EncodedValue(.string(block))]))
        call.id = id
        let calls = rest.flatMap(\.calls)
        guard let first = calls.first else { return call }
        for name in first.signature.options.stampNames + ["queue", "exchange", "routing_key", "priority"] {
            if let value = first.signature.options[name] { call.signature.options[name] = value }
        }
        if ["queue", "exchange", "routing_key"].allSatisfy({ call.signature.options[$0] == nil }),
            let queue = queue(first.signature)
        {
            call.signature.options["queue"] = .string(queue)
        }
        call.continuation.errbacks = first.continuation.errbacks.filter { errback in
            calls.allSatisfy { $0.continuation.errbacks.contains(errback) }
        }
        return call
    }
}

extension CanvasNode {
    /// A chain or chord as steps of which ``chain(_:)`` makes the same again; nil when it says something of its own.
    fileprivate var steps: [CanvasNode]? {
        guard signature.options.keys.allSatisfy({ $0 == "task_id" }) else { return nil }
        switch shape {
        case .call, .group: return nil
        case .chain(let steps): return steps.flatMap { $0.isPlain ? $0.steps ?? [$0] : [$0] }
        case .chord(let header, let body):
            guard header.isPlain else { return nil }
            return [header] + (body.isPlain ? body.steps ?? [body] : [body])
        }
    }

    private var isPlain: Bool { continuation == Continuation() }

    /// Takes its end's place in a group or chord away.
    fileprivate mutating func takePlace() -> Continuation {
        switch shape {
        case .call, .group:
            let place = continuation
            (continuation.chord, continuation.groupID, continuation.groupIndex) = (nil, nil, nil)
            return place
        case .chain(var steps):
            guard !steps.isEmpty else { return Continuation() }
            let place = steps[steps.count - 1].takePlace()
            shape = .chain(steps)
            return place
        case .chord(let header, var body):
            let place = body.takePlace()
            shape = .chord(header: header, body: body)
            return place
        }
    }

    /// The id of what it comes to.
    fileprivate var endID: String? {
        switch shape {
        case .call, .group: id
        case .chain(let steps): steps.last?.endID
        case .chord(_, let body): body.endID
        }
    }
}

extension CeleryObject {
    /// The names of the options that stamping has put there.
    fileprivate var stampNames: [String] {
        guard case .array(let names)? = self["stamped_headers"] else { return [] }
        return names.compactMap(\.text) + ["stamped_headers"]
    }
}

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
        var (node, steps) = (node, [CanvasNode]())
        if !node.endsInGroup, node.addSteps(to: &steps) {
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

    /// From the end: each piece but the first is stored, and the one before it ends in a reference to it.
    private mutating func split(_ steps: [CanvasNode]) -> [CanvasNode] {
        var pieces = pieces(of: steps)
        guard pieces.count > 1, var piece = pieces.popLast(), let id = piece.last?.endID else { return steps }
        // Whoever counts the chain's end in a chord counts the first reference, and what runs in its place.
        let place = piece[piece.count - 1].takePlace()
        // When what is stored is lost, those are told who would be told of any failure in it.
        var errbacks = Self.common(piece.flatMap(\.calls).map(\.continuation.errbacks))
        while let earlier = pieces.popLast() {
            var reference = reference(to: store(piece), id, instead: piece.lazy.flatMap(\.calls).first)
            reference.continuation.errbacks = errbacks
            if pieces.isEmpty {
                reference.continuation.chord = place.chord
                (reference.continuation.groupID, reference.continuation.groupIndex) = (place.groupID, place.groupIndex)
            }
            errbacks = Self.common(earlier.flatMap(\.calls).map(\.continuation.errbacks) + [errbacks])
            piece = earlier + [reference]
        }
        return piece
    }

    /// Steps of so many calls in all, or of one that has more.
    private func pieces(of steps: [CanvasNode]) -> [[CanvasNode]] {
        var pieces: [[CanvasNode]] = []
        var count = 0
        for step in steps {
            let calls = step.calls.count
            if pieces.isEmpty || count + calls > limit {
                pieces.append([step])
                count = calls
            } else {
                pieces[pieces.count - 1].append(step)
                count += calls
            }
        }
        // A reference in place of a single step would save nothing.
        if pieces.count > 1, let last = pieces.last, last.count == 1 {
            pieces.removeLast()
            pieces[pieces.count - 1] += last
        }
        return pieces
    }

    /// - Returns: Its id: not derived from anything, since what is stored under an id is never stored anew.
    private mutating func store(_ piece: [CanvasNode]) -> String {
        let block = TaskID.random()
        blocks.append((block, CanvasNode.chain(piece)))
        return block
    }

    private static func common(_ lists: [[Signature]]) -> [Signature] {
        (lists.first ?? []).filter { errback in lists.allSatisfy { $0.contains(errback) } }
    }

    /// It goes where the first task of what it stands for would go.
    private func reference(to block: String, _ id: String, instead first: CanvasNode?) -> CanvasNode {
        var call = CanvasNode(call: Signature(task: ChainRest.taskName, arguments: [EncodedValue(.string(block))]))
        call.id = id
        guard let first = first?.signature else { return call }
        for name in first.options.stampNames + ["queue", "exchange", "routing_key", "priority"] {
            if let value = first.options[name] { call.signature.options[name] = value }
        }
        if ["queue", "exchange", "routing_key"].allSatisfy({ call.signature.options[$0] == nil }),
            let queue = queue(first)
        {
            call.signature.options["queue"] = .string(queue)
        }
        return call
    }
}

extension CanvasNode {
    /// Adds a chain's or chord's steps, of which ``chain(_:)`` makes the same again; false when it says something of its own.
    fileprivate func addSteps(to steps: inout [CanvasNode]) -> Bool {
        guard signature.options.keys.allSatisfy({ $0 == "task_id" }) else { return false }
        switch shape {
        case .call, .group: return false
        case .chain(let inner): for step in inner { step.addWhole(to: &steps) }
        case .chord(let header, let body):
            guard header.isPlain else { return false }
            steps.append(header)
            body.addWhole(to: &steps)
        }
        return true
    }

    private func addWhole(to steps: inout [CanvasNode]) {
        guard isPlain, addSteps(to: &steps) else { return steps.append(self) }
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

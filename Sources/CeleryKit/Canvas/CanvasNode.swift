//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

/// A workflow as a tree: a call, or a chain, group or chord of others.
///
/// Chains are kept in a normal form: no element is itself a chain, and a group or chord is only ever the last one, since a group
/// that is followed by something is a chord with that as its body, and what follows a chord follows its body.
package struct CanvasNode: Sendable, Equatable {
    package indirect enum Shape: Sendable, Equatable {
        case call
        case chain([CanvasNode])
        case group([CanvasNode])
        /// The header is a group.
        case chord(header: CanvasNode, body: CanvasNode)
    }

    /// What a node does at its end, beside giving its result. Of a composed one: of its last part.
    package struct Continuation: Sendable, Equatable {
        /// The next steps. Nil and empty differ on the wire.
        package var chain: ChainSteps?
        /// The body of the chord that it is a part of.
        package var chord: Signature?
        package var groupID: String?
        package var groupIndex: Int?
        package var callbacks: [Signature] = []
        package var errbacks: [Signature] = []

        package init() {}
    }

    package var shape: Shape
    /// The call; of a composed node only its options and whether it is immutable. Without what ``continuation`` says.
    package var signature: Signature
    package var continuation = Continuation()

    package init(call signature: Signature) {
        shape = .call
        self.signature = signature
    }

    init(shape: Shape, signature: Signature) {
        self.shape = shape
        self.signature = signature
    }

    package static func group(_ members: [CanvasNode]) -> CanvasNode {
        CanvasNode(shape: .group(members), signature: Signature(task: Name.group, subtaskType: "group"))
    }

    package static func chord(_ header: CanvasNode, _ body: CanvasNode) -> CanvasNode {
        CanvasNode(
            shape: .chord(header: header, body: body),
            signature: Signature(task: Name.chord, subtaskType: "chord")
        )
    }

    /// In normal form; a chain of one is that one.
    package static func chain(_ steps: [CanvasNode]) -> CanvasNode {
        var flat: [CanvasNode] = []
        for step in steps { append(step, to: &flat) }
        if flat.count == 1 { return flat[0] }
        return CanvasNode(shape: .chain(flat), signature: Signature(task: Name.chain, subtaskType: "chain"))
    }

    /// Names of the wire.
    enum Name {
        static let chain = "celery.chain"
        static let group = "celery.group"
        static let chord = "celery.chord"
    }

    private static func append(_ step: CanvasNode, to steps: inout [CanvasNode]) {
        if case .chain(let inner) = step.shape, step.continuation == Continuation() {
            for one in inner { append(one, to: &steps) }
            return
        }
        if let split = step.splitAtChain {
            for one in split { append(one, to: &steps) }
            return
        }
        guard let last = steps.last else {
            steps.append(step)
            return
        }
        switch last.shape {
        case .group: steps[steps.count - 1] = .chord(last, step)
        case .chord(let header, let body):
            steps[steps.count - 1].shape = .chord(header: header, body: .chain([body, step]))
        case .call, .chain: steps.append(step)
        }
    }

    /// A call and what its own options say follows it, as steps: only the first step of a chain may say so itself.
    private var splitAtChain: [CanvasNode]? {
        guard case .call = shape, continuation.chord == nil, let following = continuation.chain, !following.isEmpty,
            let steps = try? following.signatures().reversed().map({ try CanvasNode($0) })
        else { return nil }
        var first = self
        first.continuation.chain = nil
        return [first] + steps
    }

    var isCall: Bool { if case .call = shape { true } else { false } }

    /// How many parts a chord counts for it: what it comes to in the end.
    package var size: Int {
        switch shape {
        case .call: 1
        case .chain(let steps): steps.last?.size ?? 0
        case .group(let members): members.reduce(0) { $0 + $1.size }
        case .chord(_, let body): body.size
        }
    }

    /// Whether its result is a list because it ends in a group.
    var endsInGroup: Bool {
        switch shape {
        case .call: false
        case .chain(let steps): steps.last?.endsInGroup ?? false
        case .group: true
        case .chord(_, let body): body.endsInGroup
        }
    }

    /// The task id or group id that was fixed for it.
    package var id: String? {
        get { signature.options["task_id"]?.text }
        set { signature.options["task_id"] = newValue.map { .string($0) } }
    }
}

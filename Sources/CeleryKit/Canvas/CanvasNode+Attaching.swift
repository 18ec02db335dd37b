//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

extension CanvasNode {
    /// The node with something more to do at its end, handed down to the parts that it concerns.
    ///
    /// What follows goes to the last part; callbacks to the last part, of a group to its first member; errbacks to every part.
    /// Source: `celery/canvas.py` (`_chain.run`, `group.link`, `_chord.link_error`).
    package func attaching(_ more: Continuation, errbacksOnHeader: Bool = false) throws(WireError) -> CanvasNode {
        var node = self
        switch shape {
        case .call: node.continuation.add(more)
        case .chain(var steps):
            if let following = more.chain, !following.isEmpty {
                return try followed(by: following, more, errbacksOnHeader: errbacksOnHeader)
            }
            guard var last = steps.popLast() else { return self }
            var errbacks = Continuation()
            errbacks.errbacks = more.errbacks
            if !errbacks.errbacks.isEmpty {
                for index in steps.indices { steps[index] = try steps[index].attaching(errbacks) }
            }
            last = try last.attaching(more, errbacksOnHeader: errbacksOnHeader)
            node.shape = .chain(steps + [last])
        case .group(let members):
            if let following = more.chain, !following.isEmpty {
                return try followed(by: following, more, errbacksOnHeader: errbacksOnHeader)
            }
            node.shape = .group(try Self.attaching(more, toMembers: members))
            node.continuation.groupID = more.groupID ?? node.continuation.groupID
        case .chord(var header, let body):
            if let following = more.chain, !following.isEmpty {
                return try followed(by: following, more, errbacksOnHeader: errbacksOnHeader)
            }
            if errbacksOnHeader, !more.errbacks.isEmpty, case .group(let members) = header.shape {
                var errbacks = Continuation()
                errbacks.errbacks = more.errbacks.map(\.asImmutable)
                header.shape = .group(try Self.attaching(errbacks, toMembers: members))
            }
            node.shape = .chord(header: header, body: try body.attaching(more))
        }
        return node
    }

    /// A composed node that turns out to be followed by something: one longer chain, or a chord.
    ///
    /// What follows is never left as the option of a step that is not the first: Python sends each step with what is left of the
    /// chain in place of its own option, and what that said would never run.
    private func followed(
        by following: ChainSteps,
        _ more: Continuation,
        errbacksOnHeader: Bool
    ) throws(WireError) -> CanvasNode {
        var own = CanvasNode.Continuation()
        (own.callbacks, own.errbacks) = (more.callbacks, more.errbacks)
        var place = more
        (place.chain, place.callbacks, place.errbacks) = (nil, [], [])
        var steps = [try pushed().attaching(own, errbacksOnHeader: errbacksOnHeader)]
        for signature in try following.signatures().reversed() { steps.append(try CanvasNode(signature)) }
        return try CanvasNode.chain(steps).attaching(place)
    }

    private static func attaching(
        _ more: Continuation,
        toMembers members: [CanvasNode]
    ) throws(WireError) -> [CanvasNode] {
        var attached: [CanvasNode] = []
        // Of a group in a chord's header: its members' places are counted on from its own.
        var place = more.groupIndex ?? 0
        for (index, member) in members.enumerated() {
            var own = more
            own.groupIndex = more.chord == nil ? member.continuation.groupIndex ?? index : place
            place += member.size
            // Called as soon as the first member has ended, it cannot be given what the group comes to.
            own.callbacks = index == 0 ? more.callbacks.map(\.asImmutable) : []
            if member.isChordPart {
                // It was given its place when its ids were: Python's groups say another one beside their members'.
                own.chord = nil
                own.groupID = nil
                own.groupIndex = nil
            }
            attached.append(try member.attaching(own))
        }
        return attached
    }

    /// Whether what it comes to is counted by a chord.
    var isChordPart: Bool {
        switch shape {
        case .call: continuation.chord != nil
        case .chain(let steps): steps.last?.isChordPart ?? false
        case .group(let members): members.first?.isChordPart ?? false
        case .chord(_, let body): body.isChordPart
        }
    }

    /// Moves what a composed node's own options say down to its parts, so that only they say it.
    package func pushed() throws(WireError) -> CanvasNode {
        if case .call = shape { return self }
        var node = self
        let own = continuation
        node.continuation = Continuation()
        return own == Continuation() ? node : try node.attaching(own)
    }
}

extension CanvasNode.Continuation {
    /// What is already there comes first; a place in a chord or group is replaced.
    mutating func add(_ more: CanvasNode.Continuation) {
        // In the wire's order the later steps stand in front.
        if let following = more.chain { chain = following + (chain ?? []) }
        chord = more.chord ?? chord
        groupID = more.groupID ?? groupID
        groupIndex = more.groupIndex ?? groupIndex
        for callback in more.callbacks where !callbacks.contains(callback) { callbacks.append(callback) }
        for errback in more.errbacks where !errbacks.contains(errback) { errbacks.append(errback) }
    }
}

extension Signature {
    var asImmutable: Signature {
        var copy = self
        copy.immutable = true
        return copy
    }
}

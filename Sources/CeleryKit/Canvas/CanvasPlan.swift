//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
import CeleryWire

/// What sending a workflow comes to: the messages of its first tasks, and the chords that have to be known before.
package struct CanvasPlan: Sendable {
    package var messages: [OutgoingMessage] = []
    package var chords: [ChordStart] = []

    package init() {}

    var isEmpty: Bool { messages.isEmpty && chords.isEmpty }

    mutating func append(_ other: CanvasPlan) {
        messages += other.messages
        chords += other.chords
    }
}

/// Who sends a workflow, and what its first tasks are given.
struct CanvasOrigin {
    /// Put before the arguments of each first task that is not immutable.
    var input: EncodedValue?
    var parentID: String?
    var rootID: String?
    /// For all first tasks, beside their own options.
    var options = SendOptions()
    /// Makes the ids of what has none.
    var makeID: () -> String = TaskID.random

    /// For the parts of a composed signature: its options are for its first tasks, and when it is immutable they take no input.
    func inside(_ composed: Signature) -> CanvasOrigin {
        var inside = self
        var options = composed.options
        options["task_id"] = nil
        inside.options = SendOptions(options, overriding: self.options)
        if composed.immutable { inside.input = nil }
        return inside
    }

    /// Ids that come out the same when the same task does the same again.
    static func derivedIDs(from parent: String, salt: String) -> () -> String {
        var count = 0
        return {
            defer { count += 1 }
            return TaskID.derived(from: parent, salt: count == 0 ? salt : "\(salt)/\(count)")
        }
    }
}

/// Turns a workflow into the messages with which it begins.
struct CanvasSender {
    let app: CeleryApp
    /// Whether a chord is sent with `celery.chord_unlock`, because nobody counts its parts.
    private let polls: Bool

    /// - Parameter polls: Nil leaves it to the app's result backend.
    init(app: CeleryApp, polls: Bool? = nil) {
        self.app = app
        self.polls = polls ?? app.pollsChords
    }

    /// The plan, and the workflow's results.
    ///
    /// - Throws: ``CeleryError``, and ``WireError`` for parts that cannot be written.
    func plan(_ node: CanvasNode, from origin: CanvasOrigin) throws -> (plan: CanvasPlan, result: ResultTree) {
        var frozen = routed(node)
        let result = frozen.freeze(origin.makeID)
        var plan = CanvasPlan()
        try send(try frozen.pushed(), from: origin, into: &plan)
        return (plan, result)
    }

    /// With the queue that each task's options name: whoever sends a later step may not know them.
    func routed(_ node: CanvasNode) -> CanvasNode {
        var routed = node
        routed.changeCalls { call in
            guard let queue = app.options(of: call.signature.task).queue, call.signature.options["queue"] == nil else {
                return
            }
            call.signature.options["queue"] = .string(queue)
        }
        return routed
    }

    /// Sends a frozen node whose parts know what follows them.
    private func send(_ node: CanvasNode, from origin: CanvasOrigin, into plan: inout CanvasPlan) throws {
        let origin = node.isCall ? origin : origin.inside(node.signature)
        switch node.shape {
        case .call: plan.messages.append(try message(node, from: origin))
        case .chain(let steps):
            guard let first = steps.first else { return }
            var following = CanvasNode.Continuation()
            following.chain = []
            for step in steps.dropFirst().reversed() {
                following.chain?.append(try step.pushed().wire())
            }
            try send(try first.pushed().attaching(following), from: origin, into: &plan)
        case .group(let members):
            var place = CanvasNode.Continuation()
            place.groupID = node.continuation.groupID ?? node.id
            for (index, member) in members.enumerated() {
                var place = place
                place.groupIndex = member.continuation.groupIndex ?? index
                // A member that is a part of a chord keeps its place there.
                let placed = member.isChordPart ? member : try member.attaching(place)
                try send(try placed.pushed(), from: origin, into: &plan)
            }
        case .chord(let header, var body):
            body.set(node.signature.options.forChordBody)
            body.set(origin.options.signatureOptions.forChordBody)
            try sendChord(header, body, from: origin, into: &plan)
        }
    }

    private func sendChord(
        _ header: CanvasNode,
        _ body: CanvasNode,
        from origin: CanvasOrigin,
        into plan: inout CanvasPlan
    ) throws {
        guard case .group(let members) = header.shape, let id = header.id else { return }
        var body = try body.pushed()
        guard header.size > 0 else {
            // Nothing of it will ever be counted, whatever calls there are before its empty groups.
            for member in members { try send(try member.pushed(), from: origin, into: &plan) }
            var origin = origin
            origin.input = EncodedValue(.array([]))
            return try send(body, from: origin, into: &plan)
        }
        if body.continuation.groupID == nil, case .call = body.shape { body.continuation.groupID = id }
        var place = CanvasNode.Continuation()
        place.groupID = id
        place.chord = try body.wire()
        var frozen = header
        let tree = frozen.freeze(origin.makeID)
        if !polls { plan.chords.append(start(header, members, id, tree)) }
        var index = 0
        for member in members {
            place.groupIndex = index
            index += member.size
            try send(try member.attaching(place).pushed(), from: origin, into: &plan)
        }
        // Last, so that it does not look for parts that were never sent.
        if polls { plan.messages.append(try unlock(id, body, tree, from: origin)) }
    }

    private func start(_ header: CanvasNode, _ members: [CanvasNode], _ id: String, _ tree: ResultTree) -> ChordStart {
        let settings = app.configuration.settings
        // Not a conditional expression: its nil would be CeleryValue's.
        var nested: CeleryValue?
        if members.contains(where: \.endsInGroup) { nested = tree.tuple }
        return ChordStart(
            groupID: id,
            size: header.size,
            nested: nested,
            expires: settings.resultChordExpires ?? settings.resultExpires
        )
    }

    private func message(_ node: CanvasNode, from origin: CanvasOrigin) throws -> OutgoingMessage {
        let (signature, continuation) = (node.signature, node.continuation)
        var options = SendOptions(signature.options, overriding: origin.options)
        options.groupID = continuation.groupID
        options.groupIndex = continuation.groupIndex
        options.parentID = origin.parentID ?? options.parentID
        options.rootID = origin.rootID ?? options.rootID
        var arguments = signature.arguments
        if let input = origin.input, !signature.immutable { arguments.insert(input, at: 0) }
        return try app.sender.build(
            task: signature.task,
            body: TaskBody(
                arguments: arguments,
                keywords: signature.keywords,
                embed: TaskBody.Embed(
                    callbacks: continuation.callbacks,
                    errbacks: continuation.errbacks,
                    chain: continuation.chain,
                    chord: continuation.chord
                )
            ),
            taskOptions: app.options(of: signature.task),
            options: options
        )
    }
}

extension CeleryObject {
    /// What a chord's options say about its body too: all but when to start, and who it is.
    var forChordBody: CeleryObject {
        var options = self
        for name in ["task_id", "root_id", "parent_id", "countdown", "eta"] { options[name] = nil }
        return options
    }
}

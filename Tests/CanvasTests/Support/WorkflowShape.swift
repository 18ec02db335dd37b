//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// A workflow as both sides of a test build it, and what it has to come to.
indirect enum WorkflowShape: Sendable, Equatable {
    /// `canvas.tag(input, label)` gives `[label, input]`.
    case tag(Int)
    /// `canvas.again(input, label)` asks for another run first, and then gives the same.
    case again(Int)
    /// `canvas.tag(number, label)`, whatever came before.
    case start(Int)
    /// `canvas.boom(input)` fails.
    case boom
    /// `canvas.become(input, shape)` lets the shape run in its place, which does not take the input.
    case become(WorkflowShape)
    case chain([WorkflowShape])
    case group([WorkflowShape])
    case chord([WorkflowShape], WorkflowShape)

    /// What running a shape comes to.
    enum Outcome: Equatable {
        case value(CeleryValue)
        /// It ends in an error of one of these types: whichever of a group's failing members is seen first.
        case error(Set<String>)
    }

    /// The reference interpreter.
    func outcome(of input: CeleryValue = .null) -> Outcome {
        switch self {
        case .tag(let label), .again(let label): return .value([.int(label), input])
        case .start(let number): return .value([.int(number), .int(number)])
        case .boom: return .error(["ValueError"])
        case .become(let inner):
            let outcome = inner.outcome()
            // A group that takes a task's place is a chord's header.
            if case .error(let types) = outcome, inner.endsInGroup { return .error(types.union(["ChordError"])) }
            return outcome
        case .chain, .chord:
            var value = input
            let steps = self.steps
            for (index, step) in steps.enumerated() {
                switch step.outcome(of: value) {
                case .value(let next): value = next
                case .error(let types):
                    // A group that something follows is a chord's header.
                    guard case .group = step, index + 1 < steps.count else { return .error(types) }
                    return .error(["ChordError"])
                }
            }
            return .value(value)
        case .group(let members):
            var values: [CeleryValue] = []
            var errors: Set<String> = []
            for member in members {
                switch member.outcome(of: input) {
                case .value(let value): values.append(value)
                case .error(let types): errors.formUnion(types)
                }
            }
            return errors.isEmpty ? .value(.array(values)) : .error(errors)
        }
    }

    /// What runs one after the other: chains inside of chains are one, and a chord is a group and what follows it.
    private var steps: [WorkflowShape] {
        switch self {
        case .tag, .again, .start, .boom, .become, .group: [self]
        case .chain(let steps): steps.flatMap(\.steps)
        case .chord(let header, let body): [.group(header)] + body.steps
        }
    }

    /// Whether it comes to the results of a group, to begin with or in the end.
    var endsInGroup: Bool {
        switch self {
        case .tag, .again, .start, .boom: false
        case .become(let inner): inner.endsInGroup
        case .group: true
        case .chain(let steps): steps.last?.endsInGroup ?? false
        case .chord(_, let body): body.endsInGroup
        }
    }

    private var spliced: [WorkflowShape] {
        if case .chain(let steps) = self { steps.flatMap(\.spliced) } else { [self] }
    }

    /// Whether somewhere in it a chord whose body ends in a group is followed by something: a worker of Celery 5.6 runs that once
    /// for each member of the group, with that member's result alone.
    var hasFollowedGroupInBody: Bool {
        switch self {
        case .tag, .again, .start, .boom: return false
        case .become(let inner): return inner.hasFollowedGroupInBody
        case .group(let members): return members.contains(where: \.hasFollowedGroupInBody)
        case .chord(let header, let body):
            return body.hasFollowedGroupInBody || header.contains(where: \.hasFollowedGroupInBody)
        case .chain(let steps):
            let isFollowed = steps.flatMap(\.spliced).dropLast()
                .contains { step in
                    if case .chord(_, let body) = step { body.endsInGroup } else { false }
                }
            return isFollowed || steps.contains(where: \.hasFollowedGroupInBody)
        }
    }

    /// For the Python side: `["tag", 1]`, `["chain", [shape, …]]`.
    var value: CeleryValue {
        switch self {
        case .tag(let label): ["tag", .int(label)]
        case .again(let label): ["again", .int(label)]
        case .start(let number): ["start", .int(number)]
        case .boom: ["boom"]
        case .become(let inner): ["become", inner.value]
        case .chain(let steps): ["chain", .array(steps.map(\.value))]
        case .group(let members): ["group", .array(members.map(\.value))]
        case .chord(let header, let body): ["chord", .array(header.map(\.value)), body.value]
        }
    }

    /// As Python would write it.
    var signature: Signature {
        switch self {
        case .tag(let label): Signature(task: "canvas.tag", arguments: [EncodedValue(.int(label))])
        case .again(let label): Signature(task: "canvas.again", arguments: [EncodedValue(.int(label))])
        case .start(let number):
            Signature(
                task: "canvas.tag",
                arguments: [EncodedValue(.int(number)), EncodedValue(.int(number))],
                immutable: true
            )
        case .boom: Signature(task: "canvas.boom")
        case .become(let inner):
            Signature(task: "canvas.become", arguments: [EncodedValue(Self.value(inner.signature))])
        case .chain(let steps): Self.composed("chain", ["tasks": Self.list(steps)])
        case .group(let members): Self.composed("group", ["tasks": Self.list(members)])
        case .chord(let header, let body):
            Self.composed(
                "chord",
                [
                    "kwargs": [:], "header": Self.value(Self.composed("group", ["tasks": Self.list(header)])),
                    "body": Self.value(body.signature),
                ]
            )
        }
    }

    private static func composed(_ type: String, _ keywords: CeleryObject) -> Signature {
        Signature(
            task: "celery.\(type)",
            keywords: keywords.members.map { TaskBody.Keyword($0.key, EncodedValue($0.value)) },
            subtaskType: type
        )
    }

    private static func value(_ signature: Signature) -> CeleryValue { (try? signature.value()) ?? .null }
    private static func list(_ shapes: [WorkflowShape]) -> CeleryValue { .array(shapes.map { value($0.signature) }) }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// SplitMix64: the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension WorkflowShape {
    /// What a random workflow may be made of.
    struct Limits: Sendable {
        var depth = 3
        var width = 3
        /// One call in so many fails; 0: none.
        var failures = 0
        /// One call in so many lets a workflow run in its place; 0: none.
        var replacements = 0
        /// One call in so many asks for another run first; 0: none.
        var retries = 0
        /// Groups that are members of groups: Python flattens them.
        var nestedGroups = true
        /// Groups and chains of one: Python unrolls them.
        var singles = true
        /// Chord bodies that begin with a group or chord: Python's workers lose their input.
        var groupsFirstInBodies = true
    }

    /// A workflow that can be sent as it is.
    static func random(seed: UInt64, limits: Limits) -> WorkflowShape {
        var generator = SeededGenerator(seed: seed)
        return random(depth: limits.depth, takesInput: false, isMember: false, limits, &generator)
    }

    /// One that fails, in a way that Python's workers bring to its end as well: a chain that breaks, or a chord of plain members one
    /// of which does.
    static func failing(seed: UInt64) -> WorkflowShape {
        var generator = SeededGenerator(seed: seed)
        let broken = WorkflowShape.chain([.start(0)] + tags(0...2, &generator) + [.boom] + tags(0...3, &generator))
        guard Bool.random(using: &generator) else { return broken }
        var header = (0..<Int.random(in: 1...4, using: &generator)).map { WorkflowShape.start($0) }
        header.insert(broken, at: Int.random(in: 0...header.count, using: &generator))
        return .chord(header, .tag(0))
    }

    private static func tags(_ count: ClosedRange<Int>, _ generator: inout SeededGenerator) -> [WorkflowShape] {
        (0..<Int.random(in: count, using: &generator)).map { .tag($0) }
    }

    private static func random(
        depth: Int,
        takesInput: Bool,
        isMember: Bool,
        _ limits: Limits,
        _ generator: inout SeededGenerator
    ) -> WorkflowShape {
        let kind = depth == 0 ? 0 : Int.random(in: 0..<6, using: &generator)
        let count = Int.random(in: (limits.singles ? 1 : 2)...limits.width, using: &generator)
        switch kind {
        case 1, 2:
            var steps: [WorkflowShape] = []
            for index in 0..<max(2, count) {
                steps.append(
                    random(
                        depth: depth - 1,
                        takesInput: takesInput || index > 0,
                        isMember: false,
                        limits,
                        &generator
                    )
                )
            }
            return .chain(steps)
        case 3 where !isMember || limits.nestedGroups:
            return .group(members(count, depth, takesInput, limits, &generator))
        case 4, 5:
            let header = members(count, depth, takesInput, limits, &generator)
            let body = random(depth: depth - 1, takesInput: true, isMember: isMember, limits, &generator)
            if !limits.groupsFirstInBodies, body.beginsWithGroup { return .chord(header, .chain([.tag(0), body])) }
            return .chord(header, body)
        default:
            if limits.replacements > 0, takesInput, Int.random(in: 0..<limits.replacements, using: &generator) == 0 {
                let depth = Int.random(in: 0...max(0, depth - 1), using: &generator)
                let inner = random(depth: depth, takesInput: false, isMember: false, limits, &generator)
                // A group that takes a task's place becomes a chord; Python's workers lose what follows it.
                return .become(limits.groupsFirstInBodies || !inner.endsInGroup ? inner : .chain([inner, .tag(0)]))
            }
            let label = Int.random(in: 0..<100, using: &generator)
            if limits.failures > 0, Int.random(in: 0..<limits.failures, using: &generator) == 0, takesInput {
                return .boom
            }
            if limits.retries > 0, takesInput, Int.random(in: 0..<limits.retries, using: &generator) == 0 {
                return .again(label)
            }
            return takesInput ? .tag(label) : .start(label)
        }
    }

    private var beginsWithGroup: Bool {
        switch self {
        case .tag, .again, .start, .boom, .become: false
        case .chain(let steps): steps.first?.beginsWithGroup ?? false
        case .group, .chord: true
        }
    }

    private static func members(
        _ count: Int,
        _ depth: Int,
        _ takesInput: Bool,
        _ limits: Limits,
        _ generator: inout SeededGenerator
    ) -> [WorkflowShape] {
        var members: [WorkflowShape] = []
        for _ in 0..<count {
            members.append(
                random(depth: depth - 1, takesInput: takesInput, isMember: true, limits, &generator)
            )
        }
        return members
    }
}

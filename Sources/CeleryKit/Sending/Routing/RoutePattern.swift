//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// Which task names a rule of `task_routes` is for.
public struct RoutePattern: Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    private enum Matcher {
        case name
        case glob([GlobStep])
        case regex(CompiledRegex)
    }

    /// The pattern as written.
    public let description: String
    private let matcher: Matcher

    /// A task's name, or a glob: `*` any characters, `?` one, `[abc]`, `[a-z]` and `[!a]` one of a set.
    ///
    /// The whole name has to match. (Celery's globs know `*` only, and match when the name merely begins so.)
    public init(_ text: String) {
        description = text
        matcher = text.contains(where: { "*?[".contains($0) }) ? .glob(GlobStep.parse(text)) : .name
    }

    public init(stringLiteral value: String) { self.init(value) }

    /// A regular expression, compiled once, that has to match at the beginning of the name, as Python's `re.match`.
    ///
    /// - Throws: What Swift's regex compiler says.
    public static func regex(_ pattern: String) throws -> RoutePattern {
        RoutePattern(description: "/\(pattern)/", matcher: .regex(try CompiledRegex(pattern)))
    }

    private init(description: String, matcher: Matcher) {
        self.description = description
        self.matcher = matcher
    }

    /// Whether it is a plain name: those are looked up before any pattern.
    var isName: Bool {
        if case .name = matcher { true } else { false }
    }

    /// Whether the task's name matches.
    public func matches(_ name: String) -> Bool {
        switch matcher {
        case .name: name == description
        case .glob(let steps): GlobStep.match(steps, Array(name.unicodeScalars))
        case .regex(let regex): regex.matchesPrefix(of: name)
        }
    }
}

/// A regular expression that was compiled from text. `Regex` does not promise to be usable by several threads at once.
private final class CompiledRegex: Sendable {
    private let regex: Mutex<Regex<AnyRegexOutput>>

    init(_ pattern: String) throws { regex = Mutex(try Regex(pattern)) }

    func matchesPrefix(of name: String) -> Bool { regex.withLock { (try? $0.prefixMatch(in: name)) != nil } }
}

/// One element of a glob.
private enum GlobStep {
    case scalar(Unicode.Scalar)
    case one
    case any
    case set([ClosedRange<Unicode.Scalar>], negated: Bool)

    static func parse(_ text: String) -> [GlobStep] {
        let scalars = Array(text.unicodeScalars)
        var steps: [GlobStep] = []
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case "*": steps.append(.any)
            case "?": steps.append(.one)
            case "[":
                if let (set, next) = parseSet(scalars, after: index + 1) {
                    steps.append(set)
                    index = next
                    continue
                }
                steps.append(.scalar("["))
            default: steps.append(.scalar(scalars[index]))
            }
            index += 1
        }
        return steps
    }

    /// Reads what follows `[`, up to and with its `]`; nil when there is none: then it is an ordinary character.
    private static func parseSet(_ scalars: [Unicode.Scalar], after start: Int) -> (GlobStep, next: Int)? {
        var index = start
        let isNegated = index < scalars.count && scalars[index] == "!"
        if isNegated { index += 1 }
        let first = index
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while index < scalars.count, scalars[index] != "]" || index == first {
            let low = scalars[index]
            if index + 2 < scalars.count, scalars[index + 1] == "-", scalars[index + 2] != "]" {
                if low <= scalars[index + 2] { ranges.append(low...scalars[index + 2]) }
                index += 3
            } else {
                ranges.append(low...low)
                index += 1
            }
        }
        guard index < scalars.count else { return nil }
        return (.set(ranges, negated: isNegated), index + 1)
    }

    private func accepts(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .scalar(let own): own == scalar
        case .one, .any: true
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
        }
    }

    /// Matches the whole name, going back to the last `*` only: linear in practice, never exponential.
    static func match(_ steps: [GlobStep], _ name: [Unicode.Scalar]) -> Bool {
        var step = 0
        var position = 0
        var retry: (step: Int, position: Int)?
        while position < name.count {
            if step < steps.count, case .any = steps[step] {
                retry = (step, position)
                step += 1
            } else if step < steps.count, steps[step].accepts(name[position]) {
                step += 1
                position += 1
            } else if let (star, start) = retry {
                retry = (star, start + 1)
                step = star + 1
                position = start + 1
            } else {
                return false
            }
        }
        return steps[step...].allSatisfy { if case .any = $0 { true } else { false } }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// How often a task may start on one worker. Zero or less means: no limit.
public struct RateLimit: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// Starts per second.
    public var perSecond: Double {
        didSet { written = nil }
    }
    /// What it was read from.
    private var written: String?

    public init(perSecond: Double) { self.perSecond = perSecond }

    /// Reads Celery's form: `10`, `10/s`, `100/m`, `5.5/h`. Nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let count = parts.first.flatMap({ Double($0) }), count.isFinite, parts.count <= 2 else { return nil }
        switch parts.count == 1 ? "s" : parts[1] {
        case "s": perSecond = count
        case "m": perSecond = count / 60
        case "h": perSecond = count / 3600
        default: return nil
        }
        written = text
    }

    /// A literal in Celery's form; one that is not counts as no limit.
    public init(stringLiteral value: String) { self = RateLimit(value) ?? RateLimit(perSecond: 0) }

    /// Whether it limits anything.
    public var isLimiting: Bool { perSecond > 0 }

    public static func == (a: RateLimit, b: RateLimit) -> Bool { a.perSecond == b.perSecond }
    public func hash(into hasher: inout Hasher) { hasher.combine(perSecond) }

    /// As it was written; or in the unit that shows it as a whole number, if there is one.
    public var description: String {
        if let written { return written }
        for (unit, seconds) in [("s", 1.0), ("m", 60), ("h", 3600)] {
            let count = perSecond * seconds
            if abs(count - count.rounded()) < 1e-9, count >= 1, count < 1e15 {
                return "\(Int(count.rounded()))/\(unit)"
            }
        }
        return "\(perSecond)/s"
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Something that is wrong with a store, or worth knowing about it, and what helps.
public struct Finding: Sendable, Hashable {
    /// How bad it is.
    public struct Severity: Sendable, Hashable, Comparable, CustomStringConvertible {
        enum Kind: Int { case note, warning, serious }

        let kind: Kind

        /// Worth knowing; nothing is wrong.
        public static let note = Severity(kind: .note)
        /// Something may go wrong, or has with little harm.
        public static let warning = Severity(kind: .warning)
        /// Tasks are lost, stuck or run wrongly, or will be.
        public static let serious = Severity(kind: .serious)

        public var description: String { "\(kind)" }

        public static func < (a: Severity, b: Severity) -> Bool { a.kind.rawValue < b.kind.rawValue }
    }

    public var severity: Severity
    /// A word or two, joined by hyphens, for scripts: `eviction`, `orphaned-epoch`.
    public var code: String
    /// What was found, for a person; names the key, setting or value.
    public var found: String
    /// What to do about it, for a person.
    public var cure: String
    /// Whether the examiner can put it right.
    public var isRepairable: Bool
    /// Whether it did.
    public var isRepaired: Bool

    public init(
        _ severity: Severity,
        _ code: String,
        _ found: String,
        cure: String,
        isRepairable: Bool = false,
        isRepaired: Bool = false
    ) {
        self.severity = severity
        self.code = code
        self.found = found
        self.cure = cure
        self.isRepairable = isRepairable
        self.isRepaired = isRepaired
    }
}

/// Examines a store and how it is set up, for `celery doctor`.
public protocol TransportExaminer: Sendable {
    /// Everything that is wrong or worth knowing. A check that fails is a finding too and keeps no other from being made;
    /// so is a store that cannot be reached.
    ///
    /// - Parameter repair: Whether to put right what can be without losing a message, and without taking one from a worker
    ///   that lives. What was put right is among the findings all the same.
    /// - Throws: Only what kept all checks from being made, as `.closed`.
    func examine(repair: Bool) async throws(TransportError) -> [Finding]
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The steps of a chain that are still to come, in the wire's order: the next one to run is the **last**.
///
/// Those that were read from JSON stay text, checked and not decoded, until it is their turn: each task of a chain passes on
/// what is left of it as it came.
public struct ChainSteps: Sendable, ExpressibleByArrayLiteral {
    enum Step: Sendable {
        /// The text of one valid signature.
        case json(ArraySlice<UInt8>)
        case signature(Signature)
    }

    private(set) var steps: [Step]
    /// What the text was checked against.
    private var limits: WireLimits

    public init(_ signatures: [Signature] = []) {
        steps = signatures.map { .signature($0) }
        limits = .standard
    }

    public init(arrayLiteral elements: Signature...) { self.init(elements) }

    init(checked texts: [ArraySlice<UInt8>], limits: WireLimits) {
        steps = texts.map { .json($0) }
        self.limits = limits
    }

    public var isEmpty: Bool { steps.isEmpty }
    public var count: Int { steps.count }

    /// All of them, decoded.
    ///
    /// - Throws: ``WireError``, which does not happen to text that was checked.
    public func signatures() throws(WireError) -> [Signature] {
        var signatures: [Signature] = []
        signatures.reserveCapacity(steps.count)
        for step in steps { signatures.append(try signature(of: step)) }
        return signatures
    }

    /// Takes the next one to run away.
    ///
    /// - Throws: As ``signatures()`` does.
    public mutating func popNext() throws(WireError) -> Signature? {
        guard let next = steps.popLast() else { return nil }
        return try signature(of: next)
    }

    /// Adds one that runs before those that are there.
    public mutating func append(_ signature: Signature) { steps.append(.signature(signature)) }

    /// What runs later stands in front.
    public static func + (later: ChainSteps, sooner: ChainSteps) -> ChainSteps {
        var sum = later
        sum.steps += sooner.steps
        if !sooner.isEmpty { sum.limits = later.limits.widened(to: sooner.limits) }
        return sum
    }

    private func signature(of step: Step) throws(WireError) -> Signature {
        switch step {
        case .signature(let signature): signature
        case .json(let text): try Signature(json: text, limits: limits)
        }
    }
}

extension ChainSteps: Equatable {
    /// Whether their signatures are equal, decoded or not.
    public static func == (left: ChainSteps, right: ChainSteps) -> Bool {
        guard left.count == right.count, let own = try? left.signatures(), let other = try? right.signatures() else {
            return false
        }
        return own == other
    }
}

extension WireLimits {
    fileprivate func widened(to other: WireLimits) -> WireLimits {
        var wider = self
        wider.nestingDepth = max(nestingDepth, other.nestingDepth)
        wider.integerDigits = max(integerDigits, other.integerDigits)
        return wider
    }
}

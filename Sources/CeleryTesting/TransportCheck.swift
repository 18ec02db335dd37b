//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore

/// One sentence of the transport contract, to be tried on an implementation.
///
/// ```swift
/// @Test(arguments: TransportCheck.all(for: myCapabilities)) func `keeps the contract`(_ check: TransportCheck) async throws {
///     try await check.run(makeHarness())
/// }
/// ```
public struct TransportCheck: Sendable, CustomStringConvertible {
    /// What must hold.
    public var name: String
    /// What it needs of a transport; it is left out where that is missing.
    var isFor: @Sendable (TransportCapabilities) -> Bool
    var body: @Sendable (TransportHarness) async throws -> Void

    init(
        _ name: String,
        if isFor: @escaping @Sendable (TransportCapabilities) -> Bool = { _ in true },
        _ body: @escaping @Sendable (TransportHarness) async throws -> Void
    ) {
        self.name = name
        self.isFor = isFor
        self.body = body
    }

    public var description: String { name }

    /// Tries it on an empty store; throws ``CheckFailure`` when the contract is broken.
    ///
    /// Does nothing when the transport lacks the capability.
    public func run(_ harness: TransportHarness) async throws {
        guard isFor(harness.transport.capabilities) else { return }
        try await within(.seconds(120), name) { try await body(harness) }
    }

    /// Every check.
    public static let all: [TransportCheck] =
        routing + receiving + returning + dying + settling + chords + fencing + settingAside + revoking + inspecting
        + crowding + broadcasting

    /// Whether it abandons a consumer, so that it is worth trying with every kind of death there is.
    public var isAboutDeath: Bool { (TransportCheck.dying + TransportCheck.fencing).contains { $0.name == name } }

    /// The checks that apply to a transport.
    public static func all(for capabilities: TransportCapabilities) -> [TransportCheck] {
        all.filter { $0.isFor(capabilities) }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
import CeleryWire

/// A result backend under test.
public struct ResultBackendHarness: Sendable {
    public var backend: any ResultBackend
    /// Put before all ids, to share a server with others.
    public var prefix: String
    /// How long the claim to send a chord's body lasts; short where time passes by sleeping.
    public var claim: Duration
    /// Lets time go by: advances a manual clock, or sleeps.
    public var pass: @Sendable (Duration) async throws -> Void

    public init(
        backend: any ResultBackend,
        prefix: String = "",
        claim: Duration = .seconds(15),
        pass: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.backend = backend
        self.prefix = prefix
        self.claim = claim
        self.pass = pass
    }

    /// A memory store driven by a manual clock.
    public static func memory() -> ResultBackendHarness {
        let time = ManualTime()
        return ResultBackendHarness(backend: MemoryStore(time: time).backend, pass: { time.advance(by: $0) })
    }
}

/// One sentence of the result backend contract, to be tried on an implementation.
public struct ResultBackendCheck: Sendable, CustomStringConvertible {
    /// What must hold.
    public var name: String
    var body: @Sendable (ResultBackendHarness) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (ResultBackendHarness) async throws -> Void) {
        self.name = name
        self.body = body
    }

    public var description: String { name }

    /// Tries it; throws ``CheckFailure`` when the contract is broken.
    public func run(_ harness: ResultBackendHarness) async throws {
        try await within(.seconds(120), name) { try await body(harness) }
    }

    /// Every check.
    public static let all: [ResultBackendCheck] = storing + waiting + counting + claiming + groups
}

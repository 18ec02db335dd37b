//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Where leases, delays and time-outs get their time from: the system's, or a test's.
public protocol TimeSource: Sendable {
    /// The wall clock's time.
    var now: Timestamp { get }
    /// Returns at that time or later; throws `CancellationError` when cancelled before.
    func sleep(until deadline: Timestamp) async throws
}

/// The system's clock.
public struct SystemTime: TimeSource {
    public init() {}

    public var now: Timestamp { .now }

    public func sleep(until deadline: Timestamp) async throws {
        let wait = deadline.since(.now)
        if wait > .zero { try await Task.sleep(for: wait, tolerance: .zero) }
    }
}

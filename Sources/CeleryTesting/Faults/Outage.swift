//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
import Synchronization

/// A switch that makes wrapped stores fail as if they could not be reached.
public final class Outage: Sendable {
    private let isDown = Mutex(false)
    private let losesConsumers = Mutex(false)
    private let failures = Mutex(0)

    public init() {}

    /// Calls fail from now on.
    ///
    /// - Parameter losingConsumers: Whether those that are open lose their epoch, at their next receipt.
    public func begin(losingConsumers: Bool = false) {
        losesConsumers.withLock { $0 = losingConsumers }
        isDown.withLock { $0 = true }
    }

    /// Calls work again.
    public func end() { isDown.withLock { $0 = false } }

    /// How many calls have failed.
    public var failedCalls: Int { failures.withLock { $0 } }

    /// Fails, or not, as a call of that name would.
    public func call(_ what: String) throws(TransportError) { try check(what) }

    /// As the receipt of a consumer that was open before.
    func checkReceipt() throws(TransportError) {
        guard isDown.withLock({ $0 }), losesConsumers.withLock({ $0 }) else { return try check("receive") }
        throw TransportError(.epochLost, "the consumer was lost with its store (an outage of the test)")
    }

    func check(_ what: String) throws(TransportError) {
        guard isDown.withLock({ $0 }) else { return }
        failures.withLock { $0 += 1 }
        throw TransportError(.unavailable, "\(what): the store is away (an outage of the test)")
    }
}

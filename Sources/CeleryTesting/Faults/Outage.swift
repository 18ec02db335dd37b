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
    private enum Mode {
        case none
        case away(losingConsumers: Bool)
        /// Calls fail, and consumers say again and again that the store is back.
        case flapping
        /// Consumers hear of nothing; other calls work.
        case deaf
        /// Calls of that name fail; others work.
        case refusing(String)
    }

    private struct State {
        var mode = Mode.none
        var failures = 0
        /// Receipts that wait until it is over.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// Calls fail from now on.
    ///
    /// - Parameter losingConsumers: Whether those that are open lose their epoch, at their next receipt.
    public func begin(losingConsumers: Bool = false) { enter(.away(losingConsumers: losingConsumers)) }

    /// Calls of one name fail from now on.
    ///
    /// - Parameter call: That of the method, such as `consume`.
    public func begin(only call: String) { enter(.refusing(call)) }

    /// Calls fail from now on, although consumers say that the store can be reached.
    public func beginFlapping() { enter(.flapping) }

    /// Consumers hear of no message from now on, whatever waits.
    public func beginDeafness() { enter(.deaf) }

    /// Calls work again.
    public func end() { enter(.none) }

    /// How many calls have failed.
    public var failedCalls: Int { state.withLock { $0.failures } }

    /// Fails, or not, as a call of that name would.
    public func call(_ what: String) throws(TransportError) { try check(what) }

    /// As the receipt of a consumer that was open before.
    func checkReceipt() async throws(TransportError) {
        await withCheckedContinuation { continuation in
            let isHearing = state.withLock { state in
                guard case .deaf = state.mode else { return true }
                state.waiting.append(continuation)
                return false
            }
            if isHearing { continuation.resume() }
        }
        guard case .away(losingConsumers: true) = state.withLock({ $0.mode }) else { return try check("receive") }
        throw TransportError(.epochLost, "the consumer was lost with its store (an outage of the test)")
    }

    func check(_ what: String) throws(TransportError) {
        let isDown = state.withLock { state in
            switch state.mode {
            case .none, .deaf: return false
            case .refusing(let name) where name != what: return false
            case .away, .flapping, .refusing:
                state.failures += 1
                return true
            }
        }
        guard isDown else { return }
        throw TransportError(.unavailable, "\(what): the store is away (an outage of the test)")
    }

    /// As a consumer is told that asks whether its store is back; nobody is told later.
    var isSaidToBeOver: Bool {
        switch state.withLock({ $0.mode }) {
        case .none, .flapping: true
        case .away, .deaf, .refusing: false
        }
    }

    private func enter(_ mode: Mode) {
        let waiting = state.withLock { state in
            state.mode = mode
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// What does not work for the moment, by where it was noticed. Costs one look at a number where all is well.
final class Troubles: Sendable {
    /// Where it was noticed.
    enum Place: UInt8, CaseIterable {
        /// Reaching the broker at the start.
        case connecting
        /// Opening a consumer, or receiving.
        case intake
        /// Marking tasks as begun.
        case starting
        /// Asking how full the queues are.
        case sampling
        /// Storing outcomes, which may be the result store's fault.
        case settling

        fileprivate var bit: UInt8 { 1 << rawValue }
        fileprivate static let broker: UInt8 = [connecting, intake, starting, sampling].reduce(0) { $0 | $1.bit }
    }

    struct Trouble: Sendable, Hashable {
        var text: String
        /// Of the first failure in a row.
        var since: ContinuousClock.Instant
        /// It is being tried again, and waits as long as all is well: others may find out that it is.
        var isBeingRetried = false
    }

    private struct State {
        var entries: [Place: Trouble] = [:]
        var recoveries = 0

        var mask: UInt8 { entries.keys.reduce(0) { $0 | $1.bit } }
    }

    private let state = Mutex(State())
    /// The bits of what there is.
    private let mask = Atomic<UInt8>(0)

    /// All that there is now.
    var all: [Place: Trouble] { state.withLock { $0.entries } }

    /// Whether the broker can be used, as far as anybody has noticed.
    var isBrokerUp: Bool { mask.load(ordering: .relaxed) & Place.broker == 0 }

    /// How often the broker was back after it could not be used.
    var recoveries: Int { state.withLock { $0.recoveries } }

    func note(_ place: Place, _ text: String, now: ContinuousClock.Instant = .now) {
        change { entries in
            entries[place] = Trouble(text: text, since: entries[place]?.since ?? now)
        }
    }

    func isBeingRetried(_ place: Place) {
        guard has(place) else { return }
        change { $0[place]?.isBeingRetried = true }
    }

    /// It works.
    func clear(_ place: Place) {
        guard has(place) else { return }
        change { $0[place] = nil }
    }

    /// As ``clear(_:)``, when it is only being tried again.
    func clearRetried(_ place: Place) {
        guard has(place) else { return }
        change { entries in
            if entries[place]?.isBeingRetried == true { entries[place] = nil }
        }
    }

    private func has(_ place: Place) -> Bool { mask.load(ordering: .relaxed) & place.bit != 0 }

    private func change(_ body: (inout [Place: Trouble]) -> Void) {
        state.withLock { state in
            let before = state.mask & Place.broker
            body(&state.entries)
            if before != 0, state.mask & Place.broker == 0 { state.recoveries += 1 }
            mask.store(state.mask, ordering: .relaxed)
        }
    }
}

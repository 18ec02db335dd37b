//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What is done to the workers, in what order: all of it follows from the seed.
struct Plan {
    /// One thing that is done to one worker.
    enum Blow: String, CaseIterable {
        /// SIGKILL to the worker and all its children at once.
        case group
        /// SIGKILL to the worker alone; its children have to notice.
        case parent
        /// SIGKILL to one child of the pool.
        case child
        /// SIGSTOP for less than a lease, then SIGCONT.
        case pause
        /// SIGSTOP for longer than a lease, then SIGCONT: by then its tasks belong to others.
        case stall
        /// SIGTERM: finishes what runs and gives the rest back.
        case warm
        /// SIGKILL to the client that sends.
        case client
        /// The server closes every connection.
        case connections
        /// SIGKILL to the server, which starts again at once.
        case server

        /// For how many leases SIGSTOP stops a worker.
        var leases: Double { self == .stall ? 3 : 0.2 }

        /// Whether it is SIGKILL to a worker, its children or both.
        var killsWorkers: Bool { self == .group || self == .parent || self == .child }
    }

    var generator: SplitMix64
    var weights: [(blow: Blow, weight: Int)]

    /// `hasChildren` says whether the pool has processes that can be killed one by one, `hasServer` whether the broker has.
    init(seed: UInt64, hasChildren: Bool, hasServer: Bool) {
        generator = SplitMix64(state: seed)
        weights = [(.group, 30), (.parent, 15), (.child, hasChildren ? 30 : 0), (.pause, 8), (.stall, 4), (.warm, 10)]
        weights.append((.client, 3))
        if hasServer { weights += [(.connections, 6), (.server, 3)] }
    }

    mutating func nextBlow() -> Blow {
        var choice = Int.random(in: 0..<weights.reduce(0) { $0 + $1.weight }, using: &generator)
        for (blow, weight) in weights {
            choice -= weight
            if choice < 0 { return blow }
        }
        return .group
    }

    /// Seconds until the next blow; now and then none, so that blows overlap.
    mutating func nextPause() -> Double {
        Int.random(in: 0..<5, using: &generator) == 0 ? 0 : Double.random(in: 0.05...0.6, using: &generator)
    }

    mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
}

/// A small generator of random numbers whose sequence follows from its seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
/// How a worker goes about a list that was touched while it was empty, when all workers are told and one will get the message.
///
/// Whoever found nothing of late looks a little later than the others, so that ten idle workers do not stand in each other's way
/// at every message; the first to find something is the first to look next time. A worker that is stopped or gone costs one message
/// as much as the others wait.
struct WakeUps: Sendable, Equatable {
    /// Between those who have found nothing once and twice running, and so on; microseconds.
    static let step: Int64 = 250
    /// The most that an idle worker waits, but for the chance in it; microseconds.
    static let longest: Int64 = 1000
    /// How much longer than an idle one a busy worker leaves a message to those who can start it at once; microseconds.
    static let courtesy: Int64 = 1250
    private static let most = 16

    /// For how many a touched list is asked; its length, which is asked for in the same round, tells of more.
    private(set) var ask = most
    /// How many times running others were sooner.
    private var losses: Int64 = 0

    /// A fetch has found so many of those that it asked for.
    mutating func found(_ count: Int) {
        ask = min(Self.most, max(1, 2 * count))
        losses = count > 0 ? 0 : min(losses + 1, Self.longest / Self.step)
    }

    /// How long to leave a touched list to others; microseconds.
    ///
    /// - Parameter chance: From 0 to 1; keeps those from looking at the same time who have waited equally long.
    func pause(isBusy: Bool, chance: Double = .random(in: 0..<1)) -> Int64 {
        let base = losses * Self.step + (isBusy ? Self.courtesy : 0)
        return base == 0 ? 0 : base + Int64(chance * Double(Self.step))
    }
}
#endif

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
/// at every message; the first to find something is the first to look next time. Nobody waits for longer than ``longest``, so a
/// worker that is stopped or gone costs one message that much.
struct WakeUps: Sendable, Equatable {
    /// Between those who have found nothing for once and twice running, and so on; microseconds.
    static let step: Int64 = 250
    static let longest: Int64 = 1000
    /// How long a busy worker leaves a message to those who can start it at once; microseconds.
    static let courtesy: Int64 = 1250
    private static let most = 16

    /// For how many a touched list is asked; its length, which is asked for in the same round, tells of more.
    private(set) var ask = most
    /// How many times running others were sooner.
    private var losses: Int64 = 0

    /// A fetch from touched lists has found so many.
    mutating func found(_ count: Int) {
        ask = min(Self.most, max(1, 2 * count))
        losses = count > 0 ? 0 : min(losses + 1, Self.longest / Self.step)
    }

    /// How long to leave a touched list to others; microseconds.
    func pause(isBusy: Bool) -> Int64 { isBusy ? Self.courtesy : losses * Self.step }
}
#endif

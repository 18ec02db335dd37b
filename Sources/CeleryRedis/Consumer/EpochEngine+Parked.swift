//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Logging
import NIOCore

/// What waits for its time on the server.
///
/// What is due goes to the front of its list, the earliest first, and no more of it at a time than somebody here takes: what was
/// moved later is not to overtake what was due earlier. When nobody here takes anything it goes there all the same, for others.
extension EpochEngine {
    /// After that time it is moved although nobody here can take it; microseconds.
    private static let patience: Int64 = 200_000
    private static let most = 500
    private static let mostForOthers = 100

    /// Somebody may have parked what is due sooner than all others.
    func checkParked() {
        guard let connection = link.connection else { return }
        var commands = RedisCommands()
        commands.add("GET", store.keys.parkedDue)
        send(commands, over: connection) { [self] replies in
            if let due = replies[0].int, due >= 0 { moveParked(at: due) }
        }
    }

    /// Sees to it that what is due by then is moved.
    func moveParked(at due: Int64) {
        guard !isAbandoned, !timers.isMoveOwed else { return }
        guard due > store.now else { return moveNow() }
        if let planned = timers.moveAt, planned <= due { return }
        scheduleMove(at: due) { [weak self] in self?.moveNow() }
    }

    /// Something is due: it is moved now, or as soon as somebody comes who can take it.
    private func moveNow() {
        if let credit = creditNow { return move(upTo: credit) }
        timers.isMoveOwed = true
        scheduleMove(at: store.now + Self.patience) { [weak self] in self?.move(upTo: nil) }
    }

    /// Somebody has come who can take what is due.
    func moveOwed() {
        guard timers.isMoveOwed, let credit = creditNow else { return }
        timers.move?.cancel()
        move(upTo: credit)
    }

    /// How many messages could be handed out at once; nil when nobody waits, or when messages are on their way already.
    private var creditNow: Int? {
        guard stock.isEmpty, round?.asks.allSatisfy({ $0.count == 0 }) ?? true else { return nil }
        return receivers.first.map { min($0.credit, Self.most) }
    }

    private func scheduleMove(at due: Int64, _ action: @escaping () -> Void) {
        timers.move?.cancel()
        timers.moveAt = due
        let wait = TimeAmount.microseconds(max(0, min(due - store.now, 3_600_000_000)))
        timers.move = loop.assumeIsolated()
            .scheduleTask(in: wait) { [weak self] in
                guard let self, !isOver else { return }
                (timers.move, timers.moveAt) = (nil, nil)
                action()
            }
    }

    /// - Parameter count: Nil when it is for others.
    private func move(upTo count: Int?) {
        (timers.move, timers.moveAt, timers.isMoveOwed) = (nil, nil, false)
        guard isArmed, let connection = link.connection else { return }
        var commands = RedisCommands()
        commands.begin("EVAL", arguments: 8 + lastMoved.count)
        commands.argument(RedisScripts.move)
        commands.argument(2)
        for key in [store.keys.parkedQueues, store.keys.parkedDue, store.keys.parkedPrefix] { commands.argument(key) }
        commands.argument(store.now)
        commands.argument(max(1, count ?? Self.mostForOthers))
        commands.argument(count == nil ? 1 : 0)
        for digest in lastMoved { commands.argument(digest) }
        send(commands, over: connection) { [self] in moved($0[0]) }
    }

    private func moved(_ reply: RESPValue) {
        if let error = reply.error {
            store.logger.warning("parked messages cannot be moved", metadata: ["reason": "\(error)"])
        }
        let answer = reply.elements
        guard answer.count == 4 else { return }
        if let refusal = answer[1].string, !refusal.isEmpty {
            store.logger.error("a parked message cannot be moved", metadata: ["reason": "\(refusal)"])
        }
        let lists = answer[2].pairs
        if !lists.isEmpty {
            lastMoved = answer[3].elements.compactMap(\.string)
            CutPoint.dueMoved.reached()
            for (list, count) in lists { plan.pushed(list, Int(count.int ?? 0)) }
            pump()
        }
        if let due = answer[0].string.flatMap({ Int64($0) }), due >= 0 { moveParked(at: due) }
    }
}
#endif

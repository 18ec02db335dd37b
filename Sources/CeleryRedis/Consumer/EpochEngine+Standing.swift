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

/// Where a fetch waits at the server, and what the server knows of the message that it will bring.
struct Standing {
    /// The list that it waits for.
    var list: String
    /// The list's place in ``EpochRecord/lists`` that is the waiting fetch's own: another for each connection that broke under one.
    var place: Int
    /// The next message's tag, once the server has noted it.
    var tag: UInt64?
    /// Whether that may start without a mark.
    var mayStart = false
    /// Nobody knows what was taken: the place is to be given up.
    var isLost = false
    var isGivingUp = false
    /// The next place, which the record has already.
    var reserved: Int?
    /// The list was found empty by this connection, so that the server tells the other one of no change.
    var isBlind = false
    /// The list that the next place is for, when another one is served by now.
    var next: String?
    /// Since when the fetch waits and nobody for what it brings.
    var unattendedSince: NIODeadline?
    /// The server has refused to let a fetch wait, or to note what it brings: not before then.
    var refusedUntil = NIODeadline.distantPast
    /// Whether nothing waits for another round any more.
    var isDue = false
    /// Whether the end of the epoch does not wait for the fetch any more.
    var isEndDue = false

    /// Nobody knows any more what was taken.
    mutating func lose() {
        isLost = true
        isBlind = false
        tag = nil
    }
}

extension EpochEngine {
    /// Of a message that was just taken the round that ends it is waited for, for so long at most.
    private static let pause = TimeAmount.milliseconds(1)
    /// So long the end of the epoch waits for it.
    private static let ending = TimeAmount.milliseconds(100)
    /// Until the next try where the server refused.
    private static let refusal = TimeAmount.seconds(1)
    /// What a place that was given up holds keeps others from putting something there, for so many seconds: longer than anything
    /// can be under way to the server.
    static let closedLife = 86_400

    /// After that it is doubted that a connection still stands.
    private static let silence = TimeAmount.seconds(1)
    /// Until it is found strange that the server tells of the list that a fetch waits for, and the fetch is not answered.
    private static let doubt = TimeAmount.milliseconds(30)

    /// Gives the fetch that is going to wait its place.
    func prepareStanding() {
        guard let list = firstList else { return }
        standing = Standing(list: list, place: record.lists.count)
        record.lists.append(list)
    }

    /// The first queue's list of messages without a priority.
    var firstList: String? {
        store.queueOrder.arranged(record.queues).first.map { store.keys.list($0, priority: nil) }
    }

    /// Once the epoch is entered, and when it goes on at another server.
    func openWaiting(at endpoint: RedisConfiguration.Endpoint) {
        guard let standing, standing.refusedUntil != .distantFuture, !isAbandoned, waiting?.endpoint != endpoint else {
            return
        }
        waiting?.end()
        let fetch = WaitingFetch(
            store.configuration,
            at: endpoint,
            loop,
            patience: patience,
            logger: store.logger
        )
        fetch.onChange = { [weak self] in self?.pump() }
        fetch.onRefusal = { [weak self] error in
            guard let self, error.code == "NOPERM" || error.message.hasPrefix("ERR unknown") else { return }
            self.standing?.refusedUntil = .distantFuture
        }
        waiting = fetch
        fetch.connect()
    }

    /// Lets a fetch wait at the server when that is the thing to do, and ends it when it is not any more.
    ///
    /// - Returns: Whether there is something to be sent now.
    func stand() -> Bool {
        guard let waiting, let standing, isArmed, !isOver, let connection = link.connection else { return false }
        if standing.isLost { return giveUpPlace(standing, over: connection) }
        if waiting.isPending {
            let isWanted = closings.isEmpty && plan.serves(standing.list) && !isBusy()
            if !isWanted || !isAttended { end(waiting, over: connection) }
            return false
        }
        guard mayStand, waiting.isReady else { return track(standing) }
        guard let tag = standing.tag else { return false }
        if starts != nil, !standing.mayStart, (receivers.first?.starting ?? 0) > 0 {
            // It was noted when nothing could have started at once.
            self.standing?.tag = nil
            return true
        }
        if waiting.isSilent(for: Self.silence) { hear(of: standing.list, over: connection) }
        self.standing?.unattendedSince = nil
        waiting.wait(standing.list, into: keys.taken(list: standing.place), for: lease) { [weak self] answer in
            self?.stood(answer, tag)
        }
        return false
    }

    /// Whether somebody waits for messages, or did a moment ago: where short tasks follow one another a fetch would be ended and begun anew for
    /// each of them.
    private var isAttended: Bool {
        guard receivers.isEmpty else {
            standing?.unattendedSince = nil
            return true
        }
        let since = standing?.unattendedSince ?? .now()
        standing?.unattendedSince = since
        guard since + Self.moment > .now() else { return false }
        if timers.unattended == nil {
            timers.unattended = loop.assumeIsolated()
                .scheduleTask(deadline: since + Self.moment) { [weak self] in
                    guard let self, !isOver else { return }
                    timers.unattended = nil
                    pump()
                }
        }
        return true
    }

    /// Lets the server tell of the next message in the other way.
    private func track(_ standing: Standing) -> Bool {
        guard standing.isBlind, !receivers.isEmpty else { return false }
        guard unfiled.isEmpty || standing.isDue else {
            soon()
            return false
        }
        self.standing?.isBlind = false
        self.standing?.isDue = false
        plan.forget(standing.list)
        return true
    }

    /// Whether the next round should note what the waiting fetch will bring.
    var wantsNote: Bool {
        guard let waiting, let standing, standing.tag == nil, !standing.isLost, mayStand else { return false }
        return waiting.isReady
    }

    /// Notes it in a round.
    func note(in round: inout Round) {
        guard let standing else { return }
        lastTag += 1
        let mayStart = starts != nil && (receivers.first?.starting ?? 0) > 0
        round.note = (lastTag, standing.place, mayStart)
        let record = TakenRecord(
            base: lastTag - 1,
            starting: mayStart ? 1 : 0,
            mode: starts ?? .late,
            places: [standing.place]
        )
        round.commands.add("SET", keys.waiting, record.text)
        self.standing?.isDue = false
        timers.soon?.cancel()
        timers.soon = nil
    }

    /// The note took effect.
    func noted(_ note: (tag: UInt64, place: Int, mayStart: Bool)) {
        guard let standing, standing.place == note.place, !standing.isLost else { return }
        self.standing?.tag = note.tag
        self.standing?.mayStart = note.mayStart
    }

    /// What could go with the round that ends the message that was just taken waits for that, but not for long.
    func soon() {
        guard timers.soon == nil else { return }
        timers.soon = loop.assumeIsolated()
            .scheduleTask(in: Self.pause) { [weak self] in
                guard let self, !isOver else { return }
                timers.soon = nil
                standing?.isDue = true
                pump()
            }
    }

    /// Whether the end of the epoch waits a moment for the waiting fetch's.
    func isEndingWaiting(over connection: RedisConnection) -> Bool {
        guard !closings.isEmpty, let waiting, waiting.isPending, standing?.isEndDue == false else { return false }
        end(waiting, over: connection)
        // It may be dead without a word.
        if timers.end == nil {
            timers.end = loop.assumeIsolated()
                .scheduleTask(in: Self.ending) { [weak self] in
                    guard let self, !isOver else { return }
                    standing?.isEndDue = true
                    pump()
                }
        }
        return true
    }

    private func end(_ waiting: WaitingFetch, over connection: RedisConnection) {
        var commands = RedisCommands()
        commands.add("PEXPIRE", keys.lease, record.lease)
        waiting.end(over: connection, behind: commands)
    }

    /// Has the server tell of the list that is waited for, as far as it does such things: who waits may be dead without a word.
    private func hear(of list: String, over connection: RedisConnection) {
        guard isTracking else { return }
        var commands = RedisCommands()
        commands.add("LLEN", list)
        send(commands, over: connection) { [self] replies in if (replies[0].int ?? 0) > 0 { doubtWaiting() } }
    }

    /// The server tells of the list that a fetch waits for: that brings the message, unless its connection is dead without a word.
    func doubtWaiting() {
        guard let waiting, let list = standing?.list, timers.doubt == nil else { return }
        let number = waiting.number
        timers.doubt = loop.assumeIsolated()
            .scheduleTask(in: Self.doubt) { [weak self] in
                guard let self, !isOver else { return }
                timers.doubt = nil
                guard isArmed, waiting.isPending, waiting.number == number, let connection = link.connection else {
                    return
                }
                var commands = RedisCommands()
                commands.add("LLEN", list)
                send(commands, over: connection) { replies in
                    // Where there is one, the server knows of nobody who waits.
                    if (replies[0].int ?? 0) > 0, waiting.isPending, waiting.number == number { waiting.reconnect() }
                }
            }
    }

    /// The waiting fetch's place at the end of the epoch.
    var placeToClose: RoundWriter.WaitingPlace? {
        standing.map { standing in
            RoundWriter.WaitingPlace(
                place: standing.place,
                isOpen: standing.isLost || waiting?.isPending == true,
                known: table.values.count { $0.isTaken && $0.field.list == standing.place }
            )
        }
    }

    /// The connection of the rounds broke: the other may be as dead, without a word, and the server may have forgotten what it noted.
    func distrustWaiting() {
        standing?.isGivingUp = false
        standing?.tag = nil
        waiting?.reconnect()
    }

    /// Somebody waits who could start what comes at once, and there is nothing.
    private var mayStand: Bool {
        guard let standing, !receivers.isEmpty, stock.isEmpty, closings.isEmpty, unheard.isEmpty, !isAbandoned,
            timers.look == nil, !timers.isDue, plan.isAllEmpty, plan.serves(standing.list),
            hasPlaces
        else { return false }
        let now = NIODeadline.now()
        // Whoever may have been swept without knowing it yet takes nothing: the place may not be closed any more.
        guard leaseUntil > now + TimeAmount(lease / 4) else { return false }
        return standing.refusedUntil <= now && fullUntil <= now && !isBusy()
    }

    private func stood(_ answer: WaitingFetch.Answer, _ tag: UInt64) {
        guard !isOver, let standing else { return }
        switch answer {
        case .answered(let bytes, let left):
            plan.found(standing.list, length: left)
            self.standing?.isBlind = left == 0
            if let bytes { stood(bytes, tag, standing) }
        case .refused(let error): refusedToWait(error, standing.list)
        case .broken:
            self.standing?.lose()
            plan.forget(standing.list)
        }
        deliver()
        keepForAMoment(after: tag - 1)
        pump()
    }

    private func stood(_ bytes: [UInt8], _ tag: UInt64, _ standing: Standing) {
        CutPoint.waitingAnswered.reached()
        guard plan.serves(standing.list) else {
            // Nobody waits for it any more: back to where it was, for others.
            unheard.append(FetchPlan.Ask(key: standing.list, place: standing.place, count: 1))
            if isArmed, let connection = link.connection { recover(over: connection) }
            return
        }
        self.standing?.tag = nil
        self.standing?.isDue = false
        plan.tookWaiting()
        var message = HeldMessage(
            field: HeldField(tag: tag, list: standing.place),
            list: standing.list,
            bytes: bytes
        )
        if standing.mayStart, let starts { message.mark = HeldMark(starts, isPermitted: true) }
        table[tag] = message
        unfiled.insert(tag)
        stock.append(tag)
        idlePause = 5
    }

    /// After a refusal no fetch waits for a while; the server's notices do meanwhile.
    func pauseWaiting() {
        guard let standing, standing.refusedUntil != .distantFuture else { return }
        self.standing?.refusedUntil = .now() + Self.refusal
        self.standing?.isBlind = true
        pumpLater()
    }

    func pumpLater() {
        guard timers.refused == nil else { return }
        timers.refused = loop.assumeIsolated()
            .scheduleTask(in: Self.refusal) { [weak self] in
                guard let self, !isOver else { return }
                timers.refused = nil
                pump()
            }
    }

    private func refusedToWait(_ error: RESPError, _ list: String) {
        plan.forget(list)
        let isForGood = error.code == "NOPERM" || error.message.hasPrefix("ERR unknown")
        guard isForGood else { return pauseWaiting() }
        standing?.refusedUntil = .distantFuture
        waiting?.end()
        waiting = nil
        store.logger.info(
            "Redis lets no fetch wait: messages are fetched when it tells of them instead",
            metadata: ["reason": "\(error)"]
        )
    }
}
#endif

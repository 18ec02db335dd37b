//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import DequeModule
import Logging
import NIOCore

extension EpochEngine {
    /// So long what nobody waits for any more may find somebody, and a fetch may wait for nobody.
    static let moment = TimeAmount.milliseconds(2)

    /// What to take from the server now; nothing when nobody waits, or when all lists are known to be empty.
    func nextFetch(isFull: Bool) -> Fetch {
        guard let first = receivers.first, stock.isEmpty, closings.isEmpty, timers.look == nil, unheard.isEmpty else {
            return Fetch()
        }
        // A full server runs no other script; see passing(_:_:).
        if !isFull, let fetch = dueFetch(first.credit) { return fetch }
        // A round that is sent anyway, with marks or releases, asks on its way.
        let isTurn = !isLeavingToOthers || !plan.isMerelyWoken || !begins.isEmpty || !settles.isEmpty
        guard isTurn, !plan.isAllEmpty else { return Fetch() }
        endTurn()
        return Fetch(asks: plan.next(first.credit))
    }

    /// Each list's messages move to one that belongs to this epoch; then its length, which makes the server tell of the next
    /// change.
    func append(_ fetch: Fetch, to commands: inout RedisCommands) {
        if fetch.due > 0 { appendDue(fetch, to: &commands) }
        for ask in fetch.asks {
            if ask.count > 0 {
                var move = RedisCommands()
                move.add("LMOVE", ask.key, keys.taken(list: ask.place), "RIGHT", "LEFT")
                commands.reserve(ask.count * move.size)
                commands.append(move, times: ask.count)
            }
            commands.add("LLEN", ask.key)
        }
    }

    func fetched(_ answers: ArraySlice<RESPValue>, by round: Round) {
        var rest = answers
        let permitted = lastTag + UInt64(round.starting)
        var refusal: RESPError?
        if round.fetch.due > 0, let answer = rest.popFirst() {
            for (list, messages) in zip(round.fetch.dueLists, tookDue(answer, round.fetch)) {
                for message in messages.elements {
                    if let bytes = message.bytes { took(bytes, from: list, permitted: permitted) }
                }
            }
        }
        let before = lastTag
        for ask in round.fetch.asks {
            for answer in rest.prefix(ask.count) {
                refusal = refusal ?? answer.error
                guard let bytes = answer.bytes else { continue }
                took(bytes, from: ask, permitted: permitted)
            }
            rest = rest.dropFirst(ask.count)
            guard let length = rest.popFirst() else { continue }
            refusal = refusal ?? length.error
            plan.found(ask.key, length: Int(length.int ?? 0))
        }
        if let refusal { return pauseFetching(refusal) }
        plan.took(Int(lastTag - before), by: round.fetch.asks)
        if !isTracking, plan.isAllEmpty, round.fetch.due == 0 { lookLater() }
    }

    /// - Parameter permitted: The last tag that may start without a mark.
    private func took(_ bytes: [UInt8], from list: FetchPlan.Ask, permitted: UInt64) {
        lastTag += 1
        let field = HeldField(tag: lastTag, list: list.place)
        var message = HeldMessage(field: field, list: list.key, bytes: bytes)
        if lastTag <= permitted, let starts { message.mark = HeldMark(starts, isPermitted: true) }
        table[lastTag] = message
        unfiled.insert(lastTag)
        stock.append(lastTag)
        idlePause = 5
    }

    /// Hands what is there to whoever waits.
    func deliver() {
        while !stock.isEmpty, let receiver = receivers.popFirst() {
            let count = min(receiver.credit, stock.count)
            let messages = stock.prefix(count).compactMap { table[$0] }
            surplus.subtract(stock.prefix(count))
            stock.removeFirst(count)
            receiver.completion(.success(messages))
        }
    }

    /// A fetch has taken what nobody waits for any more, since another one was faster, or for the moment: unless somebody does in a moment,
    /// others are to have it.
    ///
    /// - Parameter tag: The last before the fetch.
    func keepForAMoment(after tag: UInt64) {
        guard receivers.isEmpty, !stock.isEmpty else { return }
        surplus.formUnion(stock.filter { $0 > tag && unfiled.contains($0) })
        guard !surplus.isEmpty, timers.surplus == nil else { return }
        timers.surplus = loop.assumeIsolated()
            .scheduleTask(in: Self.moment) { [weak self] in
                guard let self, !isOver else { return }
                timers.surplus = nil
                if let connection = link.connection, isArmed { giveBackSurplus(over: connection) }
            }
    }

    /// Ahead of a round that would file it. Where there is no connection it stays.
    func giveBackSurplus(over connection: RedisConnection) {
        let tags = surplus.filter { unfiled.contains($0) }
        surplus = []
        guard !tags.isEmpty else { return }
        var counts: [Int: (key: String, count: Int)] = [:]
        for tag in tags {
            guard let message = table.removeValue(forKey: tag) else { continue }
            unfiled.remove(tag)
            counts[message.field.list, default: (message.list, 0)].count += 1
        }
        stock.removeAll { tags.contains($0) }
        unheard += counts.map { FetchPlan.Ask(key: $0.value.key, place: $0.key, count: $0.value.count) }
        recover(over: connection)
    }

    /// The server tells that keys were touched; nil means all.
    func invalidated(_ names: [String]?) {
        guard let names else {
            plan.forget()
            return pump()
        }
        let wasEmpty = plan.isAllEmpty
        for name in names {
            switch name {
            case keys.fence: checkFence()
            case store.keys.revokedIndex: checkRevocations()
            case store.keys.parkedDue: checkParked()
            // That it waits for it brings.
            case standing?.list where waiting?.isPending == true: doubtWaiting()
            default: plan.woken(name)
            }
        }
        if wasEmpty { leaveToOthers() }
        pump()
    }

    /// Who is told that a list was touched may have to look at it a little later than others; see ``WakeUps``.
    private func leaveToOthers() {
        guard !isLeavingToOthers, plan.isMerelyWoken, !receivers.isEmpty else { return }
        let pause = plan.wakeUps.pause(isBusy: isBusy())
        guard pause > 0 else { return }
        isLeavingToOthers = true
        timers.turn = loop.assumeIsolated()
            .scheduleTask(in: .microseconds(pause)) { [weak self] in
                guard let self, !isOver else { return }
                timers.turn = nil
                lookAfterOthers()
            }
    }

    func endTurn() {
        timers.turn?.cancel()
        timers.turn = nil
        isLeavingToOthers = false
    }

    /// Most likely others were sooner: then all that is needed is that the server tells of the next change.
    private func lookAfterOthers() {
        let lists = plan.touchedLists()
        guard isArmed, let connection = link.connection, !lists.isEmpty else {
            endTurn()
            return pump()
        }
        var commands = RedisCommands()
        for list in lists { commands.add("LLEN", list) }
        send(commands, over: connection) { [self] replies in
            for (list, length) in zip(lists, replies) {
                if let length = length.int { plan.found(list, length: Int(length)) }
            }
            // Unless a fetch was sent meanwhile, which may have found something.
            if isLeavingToOthers, plan.isAllEmpty { plan.foundNothing() }
            endTurn()
            pump()
        }
    }

    /// The connection broke after a fetch took effect and before it was heard of: what nobody knows goes back where it was.
    ///
    /// Over every connection until one answers. It is sent before any round, which would change what is known.
    func recover(over connection: RedisConnection) {
        guard !unheard.isEmpty else { return }
        var commands = RedisCommands()
        let keyWords = [keys.fence] + unheard.flatMap { [keys.taken(list: $0.place), $0.key] }
        let known = unheard.map { ask in
            String(unfiled.count { table[$0].map { $0.isTaken && $0.field.list == ask.place } ?? false })
        }
        commands.add(
            "EVAL",
            RedisScripts.passing(RedisScripts.recover, over: connection),
            keyWords.count,
            list: keyWords + ["\(connectionNumber)"] + known
        )
        send(commands, over: connection) { [self] replies in
            if let error = replies[0].error {
                return link.reconnect(RedisFailure.error(error, at: store.configuration.location))
            }
            guard !replies[0].isNull else { return finish(.swept) }
            unheard = []
            plan.forget()
            pump()
        }
    }

    /// After a refusal the lists are left alone for a while, and longer each time.
    func pauseFetching(_ error: RESPError) {
        store.logger.warning("Redis refused to hand out messages", metadata: ["reason": "\(error)"])
        idlePause = max(idlePause, 100)
        lookLater()
    }

    /// Looks at the lists again after a pause that doubles up to 200 ms; a second after refusals.
    private func lookLater() {
        guard timers.look == nil else { return }
        timers.look = loop.assumeIsolated()
            .scheduleTask(in: .milliseconds(idlePause)) { [weak self] in
                guard let self, !isOver else { return }
                timers.look = nil
                plan.forget()
                pump()
            }
        idlePause = min(idlePause < 100 ? 200 : 1000, idlePause * 2)
    }
}
#endif

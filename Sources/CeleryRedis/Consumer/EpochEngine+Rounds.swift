//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import NIOCore

extension EpochEngine {
    /// Settlements of more requests than that wait for the next round.
    private static let roundLimit = 64

    /// Does what is to be done at the server now.
    func pump() {
        sendRound()
        if stand() { sendRound() }
    }

    /// Sends the next round, if there is something to send and nothing under way.
    private func sendRound() {
        guard isArmed, round == nil, let connection = link.connection, !isOver, !isEndingWaiting(over: connection)
        else {
            return
        }
        if !surplus.isEmpty, !begins.isEmpty || !settles.isEmpty || !closings.isEmpty || mustFile {
            giveBackSurplus(over: connection)
        }
        // What it would delete has to be back where it was.
        guard closings.isEmpty || unheard.isEmpty else { return }
        let isFull = isFull(connection)
        if isFull { refuseWhatFillsUp() }
        // What this round publishes can be fetched by it: nothing else would tell of it.
        for request in settles.prefix(Self.roundLimit) {
            for (list, count) in request.pushes { plan.pushed(list, count) }
        }
        let fetch = nextFetch(isFull: isFull)
        // What is taken and not filed is of one fetch; see TakenRecord.
        let hasWork =
            !begins.isEmpty || !settles.isEmpty || !closings.isEmpty || mustFile || (fetch.takes && !unfiled.isEmpty)
        let wantsNote = wantsNote
        let notes = wantsNote && (hasWork || unfiled.isEmpty || standing?.isDue == true)
        if wantsNote, !notes { soon() }
        guard hasWork || notes || !fetch.isEmpty else { return }
        var next = Round(number: lastRound + 1)
        lastRound += 1
        next.commands.add("MULTI")
        next.commands.add("SET", keys.fence, "\(next.number) \(connectionNumber)")
        if hasWork || (notes && !unfiled.isEmpty) { gather(into: &next) }
        if notes, !next.isClose { note(in: &next) }
        if fetch.takes, !next.isClose { announce(fetch, in: &next) }
        // Counted without MULTI, as the answers of the transaction are.
        next.fetchStart = next.commands.count - 1
        if !next.isClose {
            next.fetch = fetch
            append(fetch, to: &next.commands)
        }
        next.commands.add("EXEC")
        next.commands.add("WATCH", keys.fence)
        next.commands.add("GET", keys.fence)
        let commands = isFull ? passing(next.commands, next.number) : next.commands
        next.commands = RedisCommands(capacity: 0)
        round = next
        connection.handler.value.send(commands, deadline: .now() + patience) { [weak self] result in
            guard let self, case .success(let replies) = result, !isOver else { return }
            answered(replies)
        }
        next.wasSent()
    }

    /// Says which tags the fetch's messages have, and how many of them may start without a mark.
    private func announce(_ fetch: Fetch, in round: inout Round) {
        guard let starts else { return }
        round.starting = receivers.first?.starting ?? 0
        let record = TakenRecord(
            base: lastTag,
            starting: round.starting,
            mode: starts,
            places: fetch.lists.map(\.place)
        )
        round.commands.add("SET", keys.fetched, record.text)
    }

    /// Takes what waits into a round: filings, marks, what is published and stored, where messages go, and releases.
    private func gather(into round: inout Round) {
        mustFile = false
        round.isClose = !closings.isEmpty
        round.begins = begins
        round.settles = Array(settles.prefix(round.isClose ? .max : Self.roundLimit))
        begins = []
        settles.removeFirst(round.settles.count)
        let writer = writer()
        let settled = Set(round.settles.flatMap { $0.dispositions.map(\.tag) })
        var marks: [UInt64: HeldMark] = [:]
        for request in round.begins {
            for mark in request.marks where !settled.contains(mark.tag) { marks[mark.tag] = mark.mark }
        }
        if !round.isClose {
            round.filed = unfiled.sorted()
            let messages = round.filed.compactMap { table[$0] }
            round.commands.reserve(
                messages.reduce(256) { $0 + $1.bytes.count + 64 }
                    + round.settles.reduce(0) { $0 + $1.commands.size + 32 * $1.dispositions.count }
            )
            writer.file(messages, begun: marks, settled: settled, into: &round.commands)
            let later = marks.compactMap { tag, mark in
                table[tag].flatMap { $0.isFiled ? ($0.field, mark) : nil }
            }
            writer.mark(later, into: &round.commands)
        }
        for request in round.settles {
            let start = round.commands.count - 1
            round.commands.append(request.commands)
            for (tag, disposition) in request.dispositions {
                guard let message = table[tag] else { continue }
                writer.dispose(message, disposition, into: &round.commands)
            }
            round.answers.append(start..<round.commands.count - 1)
        }
        if !round.isClose {
            writer.release(settled.compactMap { table[$0] }, into: &round.commands)
            return
        }
        let rest = table.values.filter { !settled.contains($0.field.tag) }
            .map { message in
                var message = message
                if let mark = marks[message.field.tag] { message.mark = mark }
                return message
            }
        // Behind the seal nothing starts any more.
        let started = Set((journal?.seal() ?? [:]).keys.map(\.rawValue))
        writer.close(rest, record, placeToClose, started: started, into: &round.commands)
    }

    private func writer() -> RoundWriter {
        RoundWriter(
            keys: store.keys,
            epoch: keys,
            plan: ReturnPlan(keys: store.keys, limits: store.codec.limits, now: store.now),
            now: store.now,
            deadLetterRetention: store.deadLetterRetention,
            deadLetterLimit: store.deadLetterLimit
        )
    }

    private func answered(_ replies: [RESPValue]) {
        guard let current = round, replies.count > 3 else { return }
        let fence = replies[replies.count - 1]
        var before = lastTag
        var answers: [() -> Void] = []
        switch replies[replies.count - 3] {
        case .array(let results):
            current.tookEffect(results)
            answers = decided(results)
            guard !isOver else { return }
            before = lastTag
            fetched(results.dropFirst(current.fetchStart), by: current)
        case .error: refused(RedisFailure.first(in: replies) ?? RESPError("EXECABORT"))
        default: return finish(.swept)
        }
        guard !isOver else { return }
        // Before the callers hear of the round: of tasks that follow one another the next is on its way then.
        if !fence.isNull { deliver() }
        for answer in answers { answer() }
        if fence.isNull { return finish(.swept) }
        keepForAMoment(after: before)
        pump()
    }

    /// The round took effect.
    ///
    /// - Parameter results: The answers of its transaction; nil when the connection broke before they came.
    /// - Returns: What tells its callers, to be called soon.
    func decided(_ results: [RESPValue]? = nil) -> [() -> Void] {
        guard let done = round else { return [] }
        round = nil
        lastEffective = done.number
        if let note = done.note { noted(note) }
        for tag in done.filed { table[tag]?.file() }
        unfiled.subtract(done.filed)
        let filed = Set(done.filed)
        for request in done.begins {
            for (tag, mark) in request.marks {
                if !filed.contains(tag) { table[tag]?.hasMark = true }
                table[tag]?.mark = mark
            }
            guard request.isAbandoned else { continue }
            // Its caller was told otherwise, and has not started them.
            let undone = request.marks.filter { table[$0.tag] != nil }
                .map { (tag: $0.tag, mark: HeldMark.held) }
            begins.append(BeginRequest(marks: undone, deadline: .distantFuture, completion: { _ in }))
        }
        let asked = Set(done.fetch.asks.map(\.key))
        var answers: [() -> Void] = done.begins.filter { !$0.isAbandoned }
            .map { request in { request.completion(nil) } }
        for (request, range) in zip(done.settles, done.answers) {
            let replies = results.map { $0.dropFirst(range.lowerBound).prefix(range.count) } ?? []
            let error = replies.lazy.compactMap(\.error).first
                .map { RedisFailure.error($0, at: store.configuration.location) }
            if error == nil { release(request, asked: asked) } else { undo(request) }
            if !request.isAbandoned { answers.append { request.completion(error) } }
        }
        guard done.isClose else { return answers }
        // Otherwise whoever sweeps the epoch has yet to read it.
        if let journal { JournalPlace.remove(journal.path) }
        for answer in answers { answer() }
        finish(.consumerClosed)
        return []
    }

    /// - Parameter asked: The lists that were fetched from in the same round, and after what it put there.
    private func release(_ request: SettleRequest, asked: Set<String>) {
        for (tag, disposition) in request.dispositions {
            table[tag] = nil
            unfiled.remove(tag)
            guard case .requeue(let requeue) = disposition else { continue }
            if let due = requeue.notBefore?.microseconds, due > store.now {
                moveParked(at: due)
            } else {
                plan.forget()
            }
        }
        // The server does not tell us of what we have put into lists ourselves.
        for list in request.pushes.keys where !asked.contains(list) { plan.woken(list) }
        if let due = request.due { moveParked(at: due) }
    }

    /// A part of a settlement was refused when its message was released already: it is filed anew, before all else.
    private func undo(_ request: SettleRequest) {
        for (tag, _) in request.dispositions where table[tag] != nil {
            table[tag]?.isTaken = false
            table[tag]?.isFiled = false
            table[tag]?.hasMark = false
            table[tag]?.isSettling = false
            unfiled.insert(tag)
        }
        mustFile = true
    }

    /// The server would not do it: nothing of the round took effect.
    private func refused(_ reply: RESPError) {
        guard let failed = round else { return }
        round = nil
        let error = RedisFailure.error(reply, at: store.configuration.location)
        if RedisFailure.wantsReconnection(reply) {
            round = failed
            restore()
            return link.reconnect(error)
        }
        if canPass(reply) {
            round = failed
            restore()
            mustFile = mustFile || !failed.filed.isEmpty
            return
        }
        if failed.note != nil { pauseWaiting() }
        guard failed.fetch.isEmpty else {
            // Perhaps only the fetch was: the rest again without it, and the fetch after a while.
            round = failed
            restore()
            pauseFetching(reply)
            return
        }
        for request in failed.begins where !request.isAbandoned { request.completion(error) }
        for request in failed.settles {
            for (tag, _) in request.dispositions { table[tag]?.isSettling = false }
            if !request.isAbandoned { request.completion(error) }
        }
        guard failed.isClose else { return }
        let endings = closings
        closings = []
        for ending in endings { ending(error) }
    }

    /// The round did not take effect: again, but for what its callers have given up.
    func restore() {
        guard let undecided = round else { return }
        round = nil
        begins = undecided.begins.filter { !$0.isAbandoned } + begins
        for request in undecided.settles where request.isAbandoned {
            for (tag, _) in request.dispositions { table[tag]?.isSettling = false }
        }
        settles = undecided.settles.filter { !$0.isAbandoned } + settles
    }
}
#endif

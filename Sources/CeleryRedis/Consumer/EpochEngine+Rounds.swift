//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Logging
import CeleryWire
import NIOCore

extension EpochEngine {
    /// Sends the next round, if there is something to send and nothing under way.
    func pump() {
        guard isArmed, round == nil, !isFetching, let connection = link.connection, !isOver else { return }
        var commands = RedisCommands(capacity: 4096)
        let next = gather(into: &commands)
        let transaction = commands.count
        let asks = asksForNextFetch()
        if transaction == 0, asks.isEmpty { return }
        if transaction == 0 { commands.add("GET", keys.fence) }
        append(asks, to: &commands)
        round = next
        isFetching = !asks.isEmpty
        let deadline = NIODeadline.now() + TimeAmount(store.configuration.timeout)
        connection.handler.value.send(commands, deadline: deadline) { [weak self] result in
            guard let self, case .success(let replies) = result, !isOver else { return }
            isFetching = false
            answered(replies, transaction: transaction, asks: asks)
        }
    }

    /// Takes what waits into a round and writes its transaction: fence, filings, marks, what is published and stored,
    /// releases and where messages go. Nil when nothing waits.
    private func gather(into commands: inout RedisCommands) -> Round? {
        guard !begins.isEmpty || !settles.isEmpty || closing != nil || mustFile else { return nil }
        mustFile = false
        lastRound += 1
        var next = Round(number: lastRound, begins: begins, settles: settles, close: closing)
        (begins, settles, closing) = ([], [], nil)
        let writer = writer()
        commands.add("MULTI")
        commands.add("SET", keys.fence, fenceValue(next.number))
        let settled = Set(next.settles.flatMap { $0.dispositions.map(\.tag) })
        var modes: [UInt64: AcknowledgementMode] = [:]
        for request in next.begins {
            for mark in request.marks where !settled.contains(mark.tag.rawValue) {
                modes[mark.tag.rawValue] = mark.mode
            }
        }
        if next.close == nil {
            let unfiled = takenBy.keys.sorted().compactMap { table[$0] }
            writer.file(unfiled, begun: modes, settled: settled, connection: { takenBy[$0] ?? 0 }, into: &commands)
            next.filed = unfiled.map(\.field.tag)
            let filed = modes.compactMap { tag, mode in
                table[tag].flatMap { $0.isFiled ? ($0.field, mode) : nil }
            }
            writer.mark(filed, into: &commands)
        }
        for request in next.settles {
            commands.append(request.commands)
            for (tag, disposition) in request.dispositions {
                guard let message = table[tag] else { continue }
                writer.dispose(message, disposition, into: &commands)
            }
        }
        writer.release(settled.compactMap { table[$0] }, into: &commands)
        if next.close != nil {
            let rest = table.values.filter { !settled.contains($0.field.tag) }
                .map { message in
                    var message = message
                    if let mode = modes[message.field.tag] { message.begun = mode }
                    return message
                }
            let isDrained = record.firstConnection == record.connection
            writer.close(rest, record: record, isDrained: isDrained, into: &commands)
        }
        commands.add("EXEC")
        commands.add("WATCH", keys.fence)
        commands.add("GET", keys.fence)
        return next
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

    /// The round before the connection, so that the one can be told when the other changes.
    func fenceValue(_ number: Int) -> String { "\(number) \(record.connection)" }

    private func answered(_ replies: [RESPValue], transaction: Int, asks: [FetchPlan.Ask]) {
        var rest = replies[...]
        if transaction > 0 {
            let part = rest.prefix(transaction)
            rest = rest.dropFirst(transaction)
            let fence = part[part.endIndex - 1]
            switch part[part.endIndex - 3] {
            case .array(let results):
                if let error = RedisFailure.first(in: results) {
                    store.logger.error("a command within a transaction was refused", metadata: ["reason": "\(error)"])
                }
                decided()
            case .error: refused(RedisFailure.first(in: Array(part)) ?? RESPError("EXECABORT"))
            default: return finish(.swept)
            }
            guard !isOver else { return }
            if fence.isNull { return finish(.swept) }
        } else if let fence = rest.popFirst() {
            if fence.isNull { return finish(.swept) }
        }
        fetched(Array(rest), asks: asks)
        deliver()
        pump()
    }

    /// The round took effect.
    func decided() {
        guard let done = round else { return }
        round = nil
        for tag in done.filed {
            table[tag]?.isFiled = true
            takenBy[tag] = nil
        }
        let filed = Set(done.filed)
        for request in done.begins {
            for mark in request.marks {
                if !filed.contains(mark.tag.rawValue) { table[mark.tag.rawValue]?.hasMark = true }
                table[mark.tag.rawValue]?.begun = mark.mode
            }
        }
        for request in done.settles {
            for (tag, disposition) in request.dispositions {
                table[tag] = nil
                takenBy[tag] = nil
                if case .requeue(let requeue) = disposition { requeued(requeue) }
            }
        }
        for request in done.begins { request.completion(nil) }
        for request in done.settles { request.completion(nil) }
        if let close = done.close {
            finish(.consumerClosed)
            close(nil)
        }
    }

    /// The server would not do it: nothing of the round took effect.
    private func refused(_ reply: RESPError) {
        guard let failed = round else { return }
        round = nil
        let error = RedisFailure.error(reply, at: store.configuration.location)
        for request in failed.begins { request.completion(error) }
        for request in failed.settles {
            for (tag, _) in request.dispositions { table[tag]?.isSettling = false }
            request.completion(error)
        }
        failed.close?(error)
        if RedisFailure.wantsReconnection(reply) { link.reconnect(error) }
    }

    /// The round did not take effect when its connection broke: again, before all else.
    func restore() {
        guard let undecided = round else { return }
        round = nil
        begins = undecided.begins + begins
        settles = undecided.settles + settles
        closing = undecided.close ?? closing
    }

    /// Lists that we put into ourselves: the server does not tell us of our own doing.
    private func requeued(_ requeue: Requeue) {
        if let due = requeue.notBefore?.microseconds, due > store.now { return moveParked(at: due) }
        plan.forget()
    }
}
#endif

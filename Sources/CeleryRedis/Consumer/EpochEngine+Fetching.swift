//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Logging
import DequeModule
import NIOCore

extension EpochEngine {
    /// What to ask the server for now; nothing when nobody waits, or when all lists are known to be empty.
    func asksForNextFetch() -> [FetchPlan.Ask] {
        guard let first = receivers.first, stock.isEmpty, closing == nil, round?.close == nil else { return [] }
        guard !plan.isAllEmpty else { return [] }
        return plan.next(first.credit)
    }

    /// Each list's messages move to one that belongs to this connection; then its length, which makes the server tell of the
    /// next change.
    func append(_ asks: [FetchPlan.Ask], to commands: inout RedisCommands) {
        for ask in asks {
            let entry = plan.entries[ask.entry]
            let taken = keys.taken(connection: record.connection, list: entry.place)
            for _ in 0..<ask.count { commands.add("LMOVE", entry.key, taken, "RIGHT", "LEFT") }
            commands.add("LLEN", entry.key)
        }
    }

    func fetched(_ replies: [RESPValue], asks: [FetchPlan.Ask]) {
        var rest = replies[...]
        for ask in asks {
            guard plan.entries.indices.contains(ask.entry) else { continue }
            let entry = plan.entries[ask.entry]
            for reply in rest.prefix(ask.count) {
                if let error = reply.error { refusedFetch(error) }
                guard let bytes = reply.bytes else { continue }
                lastTag += 1
                let field = HeldField(tag: lastTag, list: entry.place)
                table[lastTag] = HeldMessage(field: field, list: entry.key, bytes: bytes)
                takenBy[lastTag] = record.connection
                stock.append(lastTag)
                idlePause = 5
            }
            rest = rest.dropFirst(ask.count)
            guard let length = rest.popFirst() else { continue }
            if let error = length.error { refusedFetch(error) }
            plan.found(ask.entry, length: Int(length.int ?? 0))
        }
        if !isTracking, plan.isAllEmpty { lookAgain() }
    }

    /// Hands what is there to whoever waits.
    func deliver() {
        while !stock.isEmpty, let receiver = receivers.popFirst() {
            let count = min(receiver.credit, stock.count)
            let messages = stock.prefix(count).compactMap { table[$0] }
            stock.removeFirst(count)
            receiver.completion(.success(messages))
        }
    }

    /// The server tells that keys were touched; nil means all.
    func invalidated(_ names: [String]?) {
        guard let names else {
            plan.forget()
            return pump()
        }
        for name in names {
            switch name {
            case keys.fence: checkFence()
            case store.keys.revokedIndex: checkRevocations()
            default: plan.woken(name)
            }
        }
        pump()
    }

    /// Where the server does not tell, it is asked again and again, less and less often up to every 200 ms.
    private func lookAgain() {
        guard timers.look == nil else { return }
        timers.look = loop.assumeIsolated()
            .scheduleTask(in: .milliseconds(idlePause)) { [weak self] in
                guard let self else { return }
                timers.look = nil
                plan.forget()
                pump()
            }
        idlePause = min(200, idlePause * 2)
    }

    private func refusedFetch(_ error: RESPError) {
        store.logger.warning("Redis refused to hand out messages", metadata: ["reason": "\(error)"])
        if RedisFailure.wantsReconnection(error) {
            link.reconnect(RedisFailure.error(error, at: store.configuration.location))
        }
    }
}
#endif

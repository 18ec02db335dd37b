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
/// When it is due, a fetch takes it, ahead of all that waits, and no more than somebody here has asked for. When nobody here takes
/// anything it is put in front of its list, for others; and so is what is due of queues that no worker of ours serves. What was put
/// there is the first to be taken.
extension EpochEngine {
    /// After that time what is due goes to its list; microseconds.
    private static let patience: Int64 = 200_000
    /// The same for queues that are not served here: somebody else may be about to take it.
    private static let patienceForOthers: Int64 = 20_000
    /// Until the next try where the server refused; microseconds.
    private static let pause: Int64 = 1_000_000
    private static let most = 500
    private static let mostForOthers = 100

    /// Somebody may have parked what is due sooner than all others.
    func checkParked() {
        guard let connection = link.connection else { return }
        var commands = RedisCommands()
        commands.add("GET", store.keys.parkedDue)
        send(commands, over: connection) { [self] replies in
            guard let due = replies[0].int, due >= 0 else { return }
            moveParked(at: due)
            pump()
        }
    }

    /// Sees to it that what is due by then is taken: by the next fetch, when that is now.
    func moveParked(at due: Int64) {
        guard !isAbandoned, !timers.isDue else { return }
        guard due > store.now else {
            timers.isDue = true
            overdue = []
            if timers.mine == nil { timers.mine = schedule(in: Self.patience) { $0.moveMine() } }
            return
        }
        if let planned = timers.dueAt, planned <= due { return }
        timers.due?.cancel()
        timers.dueAt = due
        timers.due = schedule(in: due - store.now) { engine in
            (engine.timers.due, engine.timers.dueAt) = (nil, nil)
            engine.moveParked(at: due)
            engine.pump()
        }
    }

    private func schedule(in wait: Int64, _ action: @escaping (EpochEngine) -> Void) -> Scheduled<Void> {
        loop.assumeIsolated()
            .scheduleTask(in: .microseconds(max(0, min(wait, 3_600_000_000)))) { [weak self] in
                guard let self, !isOver else { return }
                action(self)
            }
    }

    // MARK: - Taken by a fetch

    /// What the next fetch takes of what is due; nil when nothing is, or when it is the turn of queues that have nothing due.
    func dueFetch(_ credit: Int) -> Fetch? {
        guard timers.isDue else { return nil }
        if !overdue.isEmpty, isOthersTurn {
            isOthersTurn = false
            let asks = plan.next(credit, without: overdue)
            if !asks.isEmpty { return Fetch(asks: asks) }
        }
        isOthersTurn = true
        let lists = plan.entries.map { FetchPlan.Ask(key: $0.key, place: $0.place, count: 0) }
        return Fetch(due: min(credit, Self.most), dueQueues: record.queues, dueLists: lists)
    }

    func appendDue(_ fetch: Fetch, to commands: inout RedisCommands) {
        let lists = fetch.dueLists.flatMap { [$0.key, keys.taken(list: $0.place)] }
        let words = parkedWords(upTo: fetch.due, fetch.dueQueues, lists)
        RedisScripts.take.begin(knowsTake ? .digest : .text, keys: 3, arguments: words.count - 3, in: &commands)
        for word in words { commands.argument(word) }
    }

    /// Three keys and the arguments.
    private func parkedWords(upTo count: Int, _ queues: [String], _ words: [String]) -> [String] {
        let names = store.keys
        let keys = [names.parkedQueues, names.parkedDue, names.parkedFront]
        return keys + [names.parkedPrefix, "\(store.now)", "\(count)", "\(queues.count)"] + queues + words
    }

    /// - Returns: The messages of each list.
    func tookDue(_ reply: RESPValue, _ fetch: Fetch) -> [RESPValue] {
        // It was restarted, or told to forget: the next round fetches again, with the script's text.
        knowsTake = reply.error?.code != "NOSCRIPT"
        guard knowsTake else { return [] }
        guard let answer = parkedAnswer(reply, fetch.dueQueues, othersAfter: Self.patienceForOthers) else { return [] }
        if answer[3].elements.contains(where: { !$0.elements.isEmpty }) { CutPoint.dueMoved.reached() }
        return answer[3].elements
    }

    /// Notes when the next are due.
    private func parkedAnswer(_ reply: RESPValue, _ queues: [String], othersAfter pause: Int64) -> [RESPValue]? {
        timers.isDue = false
        timers.mine?.cancel()
        timers.mine = nil
        let answer = reply.elements
        guard answer.count == 4 else {
            let reason = reply.error.map { "\($0)" } ?? "\(reply)"
            store.logger.warning("parked messages cannot be moved", metadata: ["reason": "\(reason)"])
            moveParked(at: store.now + Self.pause)
            return nil
        }
        if let refusal = answer[2].string, !refusal.isEmpty {
            store.logger.error("a parked message cannot be moved", metadata: ["reason": "\(refusal)"])
        }
        let now = store.now
        let times = answer[0].elements.map { $0.string.flatMap { Int64($0) } ?? -1 }
        if let next = times.filter({ $0 >= 0 }).min() { moveParked(at: next) }
        overdue = Set(zip(queues, times).filter { $1 >= 0 && $1 <= now }.map(\.0))
        if let others = answer[1].string.flatMap({ Int64($0) }), others >= 0 {
            if others > now {
                moveParked(at: others)
            } else if timers.others == nil {
                timers.others = schedule(in: pause) { engine in
                    engine.timers.others = nil
                    engine.moveOthers()
                }
            }
        }
        return answer
    }

    // MARK: - Put in front

    /// Nobody here has taken it for so long.
    private func moveMine() {
        timers.mine = nil
        putInFront(leaving: Set(queuesOfOthers()).subtracting(record.queues))
    }

    /// What is due of queues that no worker of ours serves.
    func moveOthers() { putInFront(leaving: Set(record.queues).union(queuesOfOthers())) }

    private func putInFront(leaving queues: Set<String>) {
        guard isArmed, let connection = link.connection else { return }
        var commands = RedisCommands()
        let mine = record.queues
        let words = parkedWords(upTo: Self.mostForOthers, mine, queues.sorted())
        commands.add("EVAL", RedisScripts.move, 3, list: words)
        send(commands, over: connection) { [self] in moved($0[0], mine) }
    }

    private func moved(_ reply: RESPValue, _ queues: [String]) {
        let lists = reply.elements.count == 4 ? reply.elements[3].pairs : []
        // What lies in front and is not taken is looked at more and more rarely.
        othersPause = lists.isEmpty ? min(2 * othersPause, Self.pause) : Self.patienceForOthers
        guard parkedAnswer(reply, queues, othersAfter: othersPause) != nil else { return }
        if !lists.isEmpty { CutPoint.dueMoved.reached() }
        for (list, count) in lists { plan.pushed(list, Int(count.int ?? 0)) }
        pump()
    }
}

/// What a round takes.
struct Fetch {
    /// So many at most of what is due.
    var due = 0
    /// Of these queues.
    var dueQueues: [String] = []
    /// Where that may belong.
    var dueLists: [FetchPlan.Ask] = []
    var asks: [FetchPlan.Ask] = []

    var takes: Bool { due > 0 || asks.contains { $0.count > 0 } }
    var isEmpty: Bool { due == 0 && asks.isEmpty }

    /// The lists whose messages may be among those that it takes, in the order in which these are numbered.
    var lists: [FetchPlan.Ask] { due > 0 ? dueLists : asks.filter { $0.count > 0 } }
}
#endif

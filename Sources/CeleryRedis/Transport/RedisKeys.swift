//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
/// The names of everything kept in a database: kombu's, which any peer may use, and our own.
struct RedisKeys: Sendable, Hashable {
    /// Put before every key (`global_keyprefix`).
    var prefix = ""
    /// Between a queue's name and its priority step, and inside bindings (`sep`).
    var separator = "\u{6}\u{16}"
    /// Ascending; a priority belongs to the highest step that is not above it (`priority_steps`).
    var steps = [0, 3, 6, 9]
    /// Of the hash of what Python's workers hold (`unacked_key`), and of its index (`unacked_index_key`).
    var unackedName = "unacked"
    var unackedIndexName = "unacked_index"

    // MARK: - Kombu's

    /// The list of a queue for one priority step; lower steps are taken first.
    func list(_ queue: String, step: Int) -> String {
        step == 0 ? prefix + queue : "\(prefix)\(queue)\(separator)\(step)"
    }

    func list(_ queue: String, priority: Int?) -> String { list(queue, step: step(of: priority)) }

    /// All lists of a queue, most urgent first.
    func lists(_ queue: String) -> [String] { steps.map { list(queue, step: $0) } }

    func step(of priority: Int?) -> Int {
        let priority = min(9, max(0, priority ?? 0))
        return steps.last { $0 <= priority } ?? steps.first ?? 0
    }

    /// The queue that a list belongs to.
    func queue(of list: String) -> String {
        let name = list.hasPrefix(prefix) ? list.dropFirst(prefix.count) : list[...]
        // Most names have no step: that is seen without looking for one.
        guard let mark = separator.utf8.first, name.utf8.contains(mark), let cut = name.ranges(of: separator).last,
            Int(name[cut.upperBound...]) != nil
        else { return String(name) }
        return String(name[..<cut.lowerBound])
    }

    func binding(_ exchange: String) -> String { "\(prefix)_kombu.binding.\(exchange)" }
    /// Sorted set since kombu 5.7: exchange → when its bindings may be forgotten, in milliseconds since 1970.
    var bindingDeadlines: String { "\(prefix)_kombu.binding_deadlines" }
    /// Beside it since kombu 5.7: bindings that never expire.
    func permanentBinding(_ exchange: String) -> String { "\(prefix)_kombu.binding_permanent.\(exchange)" }
    var unacked: String { prefix + unackedName }
    var unackedIndex: String { prefix + unackedIndexName }

    // MARK: - Ours

    private func own(_ name: String) -> String { "\(prefix)_swift.\(name)" }

    /// Hash: epoch → ``EpochRecord``.
    var epochs: String { own("epochs") }
    /// Since when workers with that lease, in milliseconds, have reached the server without a pause; expires after one.
    func pulse(_ lease: Int) -> String { own("pulse.since.\(lease)") }
    /// Hash: worker's name → when it was last seen, and its queues.
    var seen: String { own("seen") }
    /// Set of all queues that we have put into or taken from.
    var queues: String { own("queues") }
    /// Hash: exchange → kind, which kombu does not keep.
    var exchanges: String { own("exchanges") }
    /// Set of queues that get a copy of what is published to a fanout exchange.
    func copies(_ exchange: String) -> String { own("fanout.\(exchange)") }
    /// Sorted set of queues that get one for as long as a worker takes from them, by when that ends unless it is renewed:
    /// milliseconds since 1970.
    func passingCopies(_ exchange: String) -> String { own("passing.\(exchange)") }
    /// What precedes a message's digest and a list in the key that says that the list has its copy; expires.
    var copiedPrefix: String { own("copied.") }
    /// List of tasks that were running when their worker died: list's name, 0, envelope.
    var obituaries: String { own("obituaries") }
    /// Set of queues that have something parked.
    var parkedQueues: String { own("parked") }
    /// What precedes a queue's name in the key of its parked messages.
    var parkedPrefix: String { own("parked.of.") }
    /// Sorted set, by due time in microseconds since 1970: list's name, 0, envelope.
    func parked(_ queue: String) -> String { parkedPrefix + queue }
    /// When the first of all parked messages is due.
    var parkedDue: String { own("parked.due") }
    /// Sorted set: digests of what was due and was put in front of its list, with when.
    var parkedFront: String { own("parked.front") }
    var deadCounter: String { own("dead.count") }
    /// Hash: number → record.
    var dead: String { own("dead") }
    /// Sorted set of numbers by when they died, in microseconds since 1970.
    var deadIndex: String { own("dead.index") }
    var revocationCounter: String { own("revoked.count") }
    /// Hash: task id → record.
    var revoked: String { own("revoked") }
    /// Sorted set of task ids by number.
    var revokedIndex: String { own("revoked.index") }

    /// What precedes and follows an epoch's id in the key of its lease.
    var leaseMarker: (before: String, after: String) { (own("epoch."), ".lease") }

    func epoch(_ id: String) -> EpochKeys { EpochKeys(id: id, base: own("epoch.\(id)")) }
}

/// The keys of one epoch.
struct EpochKeys: Sendable, Hashable {
    var id: String
    var base: String

    /// Expires unless it is renewed.
    var lease: String { base + ".lease" }
    /// Deleted by a sweep, and by nothing else but the epoch's own end. Holds the number of the last round.
    var fence: String { base + ".fence" }
    /// Hash: ``HeldField`` → a mark and the message.
    var held: String { base + ".held" }
    /// Hash: ``HeldField`` → a mark that came after the message was filed.
    var begun: String { base + ".begun" }
    /// ``TakenRecord``: which of the taken messages have which tags, and how many of them may have started.
    var fetched: String { base + ".fetched" }
    /// ``TakenRecord`` of the one message that a fetch which waits may take.
    var waiting: String { base + ".waiting" }
    /// What was moved out of a list and is not filed yet, newest first. All of it was taken by the last fetch, or by the one that
    /// waits. A text where nothing is to be put any more.
    func taken(list: Int) -> String { "\(base).taken.\(list)" }
}
#endif

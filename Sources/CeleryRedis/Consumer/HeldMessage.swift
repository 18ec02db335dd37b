//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// A message that an epoch holds.
struct HeldMessage: Sendable {
    var field: HeldField
    /// The list that it was taken from.
    var list: String
    /// As it lay there.
    var bytes: [UInt8]
    /// Whether it lies among the taken ones still.
    var isTaken = true
    /// Whether it is in the hash of held messages.
    var isFiled = false
    var mark = HeldMark.held
    /// Whether ``mark`` is in a hash of its own, for it came after the filing.
    var hasMark = false
    var isSettling = false

    /// It is in the hash of held messages now.
    mutating func file() { (isTaken, isFiled) = (false, true) }
}

/// Where a message goes that an epoch gives up.
enum Destination: Equatable {
    /// To the end of a list that is taken from next, or to its other end.
    case list(String, isFront: Bool, [UInt8])
    /// Kept back until a time in microseconds since 1970.
    case parked(queue: String, due: Int64, [UInt8])

    func append(to commands: inout RedisCommands, keys: RedisKeys) {
        switch self {
        case .list(let list, true, let bytes): commands.add("RPUSH", list, bytes)
        case .list(let list, false, let bytes): commands.add("LPUSH", list, bytes)
        case .parked(let queue, let due, let bytes):
            commands.add("ZADD", keys.parked(queue), due, bytes)
            commands.add("SADD", keys.parkedQueues, queue)
            // Or others would not notice before they look for such by themselves.
            commands.add("EVAL", RedisScripts.lowerDue, 1, keys.parkedDue, due)
        }
    }
}

/// Decides where messages go back to.
struct ReturnPlan {
    var keys: RedisKeys
    var limits: WireLimits
    /// Microseconds since 1970.
    var now: Int64

    /// Given back at an orderly end: nothing counts, but what was begun early can only be ended.
    func closing(_ message: HeldMessage, hasStarted: Bool) -> Destination {
        guard message.list != keys.obituaries else { return .list(message.list, isFront: true, message.bytes) }
        guard message.mark.mode(hasStarted) == .early else {
            let bytes = StoredMessage.returned(message.bytes, limits: limits) { _ in }
            return .list(message.list, isFront: true, bytes)
        }
        let bytes = StoredMessage.returned(message.bytes, limits: limits) { $0.deaths += 1 }
        return .list(keys.obituaries, isFront: false, Addressed.join(message.list, bytes))
    }

    /// Taken from a dead worker.
    func sweeping(_ list: String, _ bytes: [UInt8], begun: AcknowledgementMode?) -> Destination {
        guard list != keys.obituaries else { return .list(list, isFront: true, bytes) }
        var due: Int64?
        var isObituary = false
        let returned = StoredMessage.returned(bytes, limits: limits) { note in
            note.attempts += 1
            switch ReturnPolicy.fate(begun: begun, deaths: note.deaths) {
            case .obituary: isObituary = true
            case .ready(.zero, _): break
            case .ready(let delay, _):
                due = Timestamp(microseconds: now).advanced(by: delay).microseconds
                note.notBefore = due
            }
            if begun != nil { note.deaths += 1 }
        }
        if isObituary { return .list(keys.obituaries, isFront: false, Addressed.join(list, returned)) }
        guard let due else { return .list(list, isFront: true, returned) }
        return .parked(queue: keys.queue(of: list), due: due, Addressed.join(list, returned))
    }

    /// Requeued by a settlement.
    func requeue(_ message: HeldMessage, _ requeue: Requeue) -> Destination {
        let address = message.address(keys)
        let bytes = StoredMessage.returned(address.bytes, limits: limits, isRedelivery: !requeue.isPutAside) { note in
            note.attempts += requeue.countsAttempt ? 1 : 0
            note.deaths += requeue.afterDeath ? 1 : 0
            note.notBefore = requeue.notBefore?.microseconds
        }
        if let due = requeue.notBefore?.microseconds, due > now {
            return .parked(queue: keys.queue(of: address.list), due: due, Addressed.join(address.list, bytes))
        }
        return .list(address.list, isFront: requeue.position == .front, bytes)
    }
}

extension HeldMessage {
    /// The list it belongs to and its bytes: for an obituary those that it carries.
    func address(_ keys: RedisKeys) -> (list: String, bytes: [UInt8]) {
        guard list == keys.obituaries, let (list, bytes) = Addressed.split(bytes) else { return (list, bytes) }
        return (list, bytes)
    }
}
#endif

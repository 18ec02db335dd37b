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

/// A place of a waiting fetch that was given up.
struct ClosedPlace {
    var place: Int
    /// From then on nothing lies there that would keep others out, nor is anything under way that it would have to.
    var until: NIODeadline
}

extension EpochEngine {
    /// A connection that breaks again and again uses up places; then there is no waiting until the first of them can be used anew.
    private static let mostPlaces = 100

    /// Longer than ``closedLife``.
    private static let reopening = TimeAmount.hours(25)

    /// Until the next try where the server refused to give one up.
    private static let refusal = TimeAmount.seconds(1)

    /// Whether a fetch may wait: should its connection break, there has to be another place.
    var hasPlaces: Bool { closedPlaces.count < Self.mostPlaces || closedPlaces[0].until <= .now() }

    /// Other queues are served now.
    func restand() {
        guard standing != nil else { return prepareStanding() }
        guard let list = firstList, list != standing?.next ?? standing?.list else { return }
        standing?.next = list
        standing?.lose()
        if waiting?.isPending == true { waiting?.reconnect() }
    }

    /// What was taken there and not heard of goes back, and nothing gets there any more; then there is another place.
    ///
    /// - Returns: Whether what is known of it is to be filed first.
    func giveUpPlace(_ standing: Standing, over connection: RedisConnection) -> Bool {
        guard !standing.isGivingUp, givesUpFrom <= .now() else { return false }
        let isKnown = unfiled.contains { tag in
            table[tag].map { $0.isTaken && $0.field.list == standing.place } ?? false
        }
        guard !isKnown else {
            mustFile = true
            return true
        }
        self.standing?.isGivingUp = true
        let next = nextPlace(standing)
        giveUp(standing.place, over: connection) { [self] error in
            self.standing?.isGivingUp = false
            if error != nil {
                givesUpFrom = .now() + Self.refusal
                return pumpLater()
            }
            closedPlaces.append(
                ClosedPlace(place: standing.place, until: .now() + Self.reopening)
            )
            var new = Standing(list: record.lists[next], place: next)
            new.refusedUntil = standing.refusedUntil
            // Meanwhile other queues may be served again.
            let wanted = self.standing?.next
            self.standing = new
            if let wanted, wanted != new.list {
                self.standing?.next = wanted
                self.standing?.lose()
            }
            plan.forget()
            pump()
        }
        return false
    }

    /// After a failover the server may have forgotten that places were given up.
    func giveUpAgain(over connection: RedisConnection) {
        guard let standing else { return }
        for place in record.waitingPlaces where place != standing.place && place != standing.reserved {
            giveUp(place, over: connection) { [self] _ in
                // Closed anew, and for as long again.
                if let index = closedPlaces.firstIndex(where: { $0.place == place }) {
                    closedPlaces.append(
                        ClosedPlace(place: closedPlaces.remove(at: index).place, until: .now() + Self.reopening)
                    )
                }
            }
        }
    }

    /// The place to go to. The record has it before anything can lie there, and never without it again: whatever is registered from now
    /// on names it.
    private func nextPlace(_ standing: Standing) -> Int {
        let list = standing.next ?? standing.list
        if let reserved = standing.reserved, record.lists[reserved] == list { return reserved }
        let place: Int
        if let index = closedPlaces.firstIndex(where: { $0.until <= .now() && record.lists[$0.place] == list }) {
            place = closedPlaces.remove(at: index).place
        } else {
            place = record.lists.count
            record.lists.append(list)
        }
        self.standing?.reserved = place
        return place
    }

    private func giveUp(_ place: Int, over connection: RedisConnection, _ completion: @escaping (RESPError?) -> Void) {
        var commands = RedisCommands()
        commands.add(
            "EVAL",
            RedisScripts.passing(RedisScripts.giveUp, over: connection),
            4,
            keys.fence,
            store.keys.epochs,
            keys.taken(list: place),
            record.lists[place],
            connectionNumber,
            keys.id,
            record.encoded(),
            Self.closedLife
        )
        send(commands, over: connection) { [self] replies in
            if let error = replies[0].error {
                if RedisFailure.wantsReconnection(error) {
                    return link.reconnect(RedisFailure.error(error, at: store.configuration.location))
                }
                store.logger.warning(
                    "Redis does not give back what a broken connection has fetched; trying again",
                    metadata: ["reason": "\(error)"]
                )
                return completion(error)
            }
            guard !replies[0].isNull else { return finish(.swept) }
            completion(nil)
        }
    }
}
#endif

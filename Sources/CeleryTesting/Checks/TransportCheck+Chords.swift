//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    /// Of transports whose results lie in the same store, where chords are counted.
    package static let chords: [TransportCheck] = [
        TransportCheck("a chord ends with the settlement that sends its body") { harness in
            guard let chords = harness.chords else { return }
            let end = try await harness.claimed("c", in: chords)
            let (consumer, held) = try await harness.heldOne()
            try await consumer.settle([Settlement(held.tag, .acknowledge, chords: [end])])
            try requireEqual(try await harness.drain("next", 1), ["body of c"])
            try requireEqual(try await harness.count("c", by: "other", in: chords), .over)
            try requireEqual(try await harness.status().held, 0, "held")
        },
        TransportCheck("a chord that has ended, or was claimed by somebody else, does not end with a settlement again")
        { harness in
            guard let chords = harness.chords else { return }
            let end = try await harness.claimed("c", in: chords)
            var other = try await harness.claimed("d", in: chords)
            other.claimant = "somebody else"
            try await chords.finish(
                [ChordClaim(groupID: end.groupID, claimant: end.claimant, members: [])],
                timeout: .seconds(5)
            )
            let (consumer, held) = try await harness.heldOne()
            try await consumer.settle([Settlement(held.tag, .acknowledge, chords: [end, other])])
            try requireEqual(try await harness.status().held, 0, "held")
            try requireEqual(try await harness.status("next").ready, 0, "sent")
            try requireEqual(try await harness.count("d", by: "me", in: chords).claim?.claimant, "me", "the claim")
        },
        TransportCheck("a settlement that cannot be routed ends no chord") { harness in
            guard let chords = harness.chords else { return }
            let end = try await harness.claimed("c", in: chords)
            var stray = try await harness.claimed("d", in: chords)
            stray.publish.append(harness.message("stray", queue: "k", exchange: "nowhere"))
            let (consumer, held) = try await harness.heldOne()
            try await harness.expect(.notFound, "settling") {
                try await consumer.settle([Settlement(held.tag, .acknowledge, chords: [end, stray])])
            }
            try requireEqual(try await harness.status("next").ready, 0, "sent")
            try requireEqual(try await harness.count("c", by: "other", in: chords), .claimed(by: "me"))
            try await consumer.settle([Settlement(held.tag, .acknowledge, chords: [end])])
            try requireEqual(try await harness.drain("next", 1), ["body of c"])
        },
        TransportCheck("a chord ends by itself, once, also when the epoch is over") { harness in
            guard let chords = harness.chords else { return }
            let end = try await harness.claimed("c", in: chords)
            let (consumer, _) = try await harness.heldOne()
            try await harness.kill(consumer)
            let heir = try await harness.consumer("q", named: "heir")
            _ = try await harness.takeOne(from: heir)
            // The claim has run out meanwhile, and has passed to nobody.
            for _ in 0..<2 { try await consumer.end([end]) }
            try requireEqual(try await harness.status("next").ready, 1, "sent")
            try requireEqual(try await harness.count("c", by: "other", in: chords), .over)
        },
        TransportCheck("a body that is kept back until its time leaves with its chord too") { harness in
            guard let chords = harness.chords, harness.transport.capabilities.delayedDelivery else { return }
            var end = try await harness.claimed("c", in: chords)
            end.publish[0].notBefore = harness.time.now.advanced(by: .seconds(3600))
            let (consumer, held) = try await harness.heldOne()
            try await consumer.settle([Settlement(held.tag, .acknowledge, chords: [end])])
            let status = try await harness.status("next")
            try requireEqual([status.ready, status.delayed], [0, 1], "ready and delayed")
            try requireEqual(try await harness.count("c", by: "other", in: chords), .over)
        },
    ]
}

extension TransportHarness {
    fileprivate var chords: (any ChordStore)? {
        guard let backend, backend.storeIdentity == transport.storeIdentity else { return nil }
        return backend.chords
    }

    fileprivate func heldOne() async throws -> (any TransportConsumer, Delivery) {
        try await publish(["a"])
        let consumer = try await consumer("q")
        return (consumer, try await takeOne(from: consumer))
    }

    /// A chord of one part that was counted, and what its body is sent with.
    fileprivate func claimed(_ group: String, in chords: any ChordStore) async throws -> ChordEnd {
        let start = ChordStart(groupID: name(group), size: 1, expires: .seconds(60))
        try await chords.start([start], timeout: .seconds(5))
        let claim = try requireSome(try await count(group, by: "me", in: chords).claim, "the claim")
        return ChordEnd(
            groupID: claim.groupID,
            claimant: claim.claimant,
            publish: [message("body of \(group)", queue: "next")]
        )
    }

    fileprivate func count(
        _ group: String,
        by claimant: String,
        in chords: any ChordStore
    ) async throws -> ChordProgress {
        let part = ChordPart(
            groupID: name(group),
            index: 0,
            taskID: name("part of \(group)"),
            state: .success,
            value: EncodedValue(.int(1)),
            expires: .seconds(60),
            claimant: claimant
        )
        return try requireSome(try await chords.count([part], timeout: .seconds(5)).first, "an answer")
    }
}

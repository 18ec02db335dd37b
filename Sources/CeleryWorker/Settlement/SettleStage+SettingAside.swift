//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Logging
import Synchronization

extension SettleStage {
    /// An outcome that can never take effect, such as a callback to an exchange that does not exist: the message goes to
    /// the dead letters with the reason, and whoever waits for the result, in its chain and chords too, gets a failure, if
    /// that much can be stored. False when even that has to wait.
    func setAside(
        _ item: SettlementPlan.Item,
        of batch: [Finished],
        _ error: TransportError,
        consumer: any TransportConsumer
    ) async -> Bool {
        // Where all is one transaction it may mean both that the message was settled before, and that something cannot be sent.
        let isDoubtful = isOneStore && error.code == .notFound && doubts.contains(batch[0])
        var last = error
        let concessions = SettlementPlan(pipeline)
            .concessions(for: item, of: batch[0], isDoubtful: isDoubtful, error)
        for concession in concessions {
            do throws(TransportError) {
                let deferred = try await apply([concession.item], of: batch, consumer: consumer, concession)
                guard deferred.isEmpty else {
                    batch[0].isDeferred.store(true, ordering: .relaxed)
                    return false
                }
                if concession.isSetAside {
                    pipeline.log.cannotSettle(error)
                } else {
                    pipeline.log.bodyRefused(error)
                    item.log(pipeline.log)
                }
                return true
            } catch {
                if error.code == .epochLost || error.code == .closed {
                    pipeline.log.fenced(1, error)
                    return true
                }
                last = error
                if error.isTransient { break }
            }
        }
        failed(last, count: 1)
        return false
    }
}

/// Outcomes that may have taken effect although an attempt to settle them failed.
final class Doubts: Sendable {
    private let outcomes = Mutex<Set<ObjectIdentifier>>([])

    func note(_ batch: [Finished]) { outcomes.withLock { $0.formUnion(batch.map { ObjectIdentifier($0) }) } }

    func contains(_ finished: Finished) -> Bool { outcomes.withLock { $0.contains(ObjectIdentifier(finished)) } }

    func forget(_ batch: [Finished], except left: [Finished]) {
        outcomes.withLock { outcomes in
            guard !outcomes.isEmpty else { return }
            outcomes.subtract(Set(batch.map { ObjectIdentifier($0) }).subtracting(left.map { ObjectIdentifier($0) }))
        }
    }
}

extension WorkerLog {
    fileprivate func bodyRefused(_ error: TransportError) {
        logger.error("the body of a chord can never be sent, and fails: \(error)")
    }
}

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
        var last = error
        for concession in SettlementPlan(pipeline).concessions(for: item, of: batch[0], error) {
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

extension WorkerLog {
    fileprivate func bodyRefused(_ error: TransportError) {
        logger.error("the body of a chord can never be sent, and fails: \(error)")
    }
}

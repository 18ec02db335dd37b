//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

/// Redelivered tasks that have succeeded before: with `worker_deduplicate_successful_tasks` they are not run again.
///
/// That happens where results and messages are in different stores, and a worker died after it had stored the result and
/// before it could acknowledge. Source: `celery/app/trace.py`.
struct SucceededTasks {
    private let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    /// Ids of those among the deliveries. When the result store cannot answer it is none of them: they run again.
    func among(_ deliveries: [Delivery], settings: CelerySettings) async -> Set<String> {
        guard settings.workerDeduplicateSuccessfulTasks else { return [] }
        let ids = deliveries.filter(\.redelivered).compactMap(\.taskID)
        guard !ids.isEmpty,
            let metas = try? await pipeline.backend.fetch(ids, timeout: settings.brokerTimeout)
        else { return [] }
        return Set(metas.filter { $0.value.state == .success }.keys)
    }
}

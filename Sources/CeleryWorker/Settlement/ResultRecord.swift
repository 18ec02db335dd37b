//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

/// Builds what is stored about a task, exactly as Python writes it.
struct ResultRecord {
    let settings: CelerySettings
    let codec: WireCodec
    let hostname: String

    init(_ pipeline: WorkerPipeline) {
        settings = pipeline.app.configuration.settings
        codec = pipeline.app.codec
        hostname = pipeline.configuration.hostname
    }

    /// The result to store; nil when there is nothing to store or the result is ignored.
    func record(
        _ stored: SettlementDecision.Stored,
        message: Message,
        policy: TaskPolicy,
        children: [CeleryValue],
        queue: String
    ) -> StoredResult? {
        var meta = TaskMeta(taskID: message.headers.id, state: .pending)
        switch stored {
        case .nothing: return nil
        case .success(let value):
            guard !policy.ignoreResult else { return nil }
            meta.state = .success
            meta.outcome = .value(value)
        case .failure(let failure):
            guard !policy.ignoreResult || policy.storeErrorsEvenIfIgnored else { return nil }
            meta.state = .failure
            meta.outcome = .exception(failure.exception)
            meta.traceback = failure.traceback
        case .retry(let failure):
            guard !policy.ignoreResult else { return nil }
            meta.state = .retry
            meta.outcome = .exception(failure.exception)
            meta.traceback = failure.traceback
        case .revoked(let reason):
            guard !policy.ignoreResult || policy.storeErrorsEvenIfIgnored else { return nil }
            meta.state = .revoked
            meta.outcome = .exception(.revoked(reason))
        }
        meta.children = children
        if meta.state.isReady { meta.dateDone = Timestamp.now.iso8601 }
        return finish(meta, message: message, queue: queue)
    }

    /// STARTED, with `task_track_started`.
    func started(_ running: RunningTask) -> StoredResult {
        let request = running.task.request
        let info: CeleryValue = ["pid": .int(Int(running.pid)), "hostname": .string(hostname)]
        let meta = TaskMeta(
            taskID: request.message.headers.id,
            state: .started,
            outcome: .value(EncodedValue(info))
        )
        var result = finish(meta, message: request.message, queue: request.queue)
        result.since = running.startTime ?? .now
        return result
    }

    /// The end of a task that never ran, because one before it failed.
    func abandoned(
        _ id: String,
        group: String?,
        parent: Message,
        _ exception: ExceptionInfo,
        state: TaskState
    ) -> StoredResult {
        var meta = TaskMeta(taskID: id, state: state, outcome: .exception(exception))
        meta.traceback = "Traceback (most recent call last):\n\(exception.type): \(exception.message)"
        meta.dateDone = Timestamp.now.iso8601
        meta.groupID = group
        meta.parentID = parent.headers.id
        return StoredResult(meta, expires: settings.resultExpires(in: state))
    }

    private func finish(_ meta: TaskMeta, message: Message, queue: String) -> StoredResult {
        var meta = meta
        meta.groupID = message.headers.group
        meta.parentID = message.headers.parentID
        if settings.resultExtended {
            meta.extended = TaskMeta.Extended(
                message.headers.task,
                body: (try? codec.decodeBody(of: message)) ?? TaskBody(),
                worker: hostname,
                retries: message.headers.retries,
                queue: queue
            )
            meta.add(stamps: message.headers.stamps)
        }
        return StoredResult(meta, expires: settings.resultExpires(in: meta.state))
    }
}

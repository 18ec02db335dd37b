//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// Runs a task in the caller's process instead of sending it (`task_always_eager`), with retries inline.
///
/// Arguments go through the serializer, so that what would not travel fails here too.
struct EagerRun {
    let app: CeleryApp
    let task: RegisteredTask

    func run<Output: Codable & Sendable>(body: TaskBody, options: SendOptions) async throws -> AsyncResult<Output> {
        let settings = app.configuration.settings
        var message = try app.sender.build(task: task.name, body: body, taskOptions: task.options, options: options)
            .message
        var report: TaskReport
        while true {
            report = await TaskRunner(app: app)
                .run(
                    TaskRequest(message: message, queue: message.properties.routingKey, hostname: Host.name),
                    control: RunControl()
                )
            guard case .retry = report.outcome, let next = report.followUps.first else { break }
            message = next.message
        }
        let meta = TaskMeta(eager: report, message: message)
        if settings.taskStoreEagerResult {
            try await app.resultBackend()
                .store(
                    [StoredResult(meta, expires: settings.resultExpires(in: meta.state))],
                    timeout: settings.brokerTimeout
                )
        }
        for followUp in report.followUps {
            guard let registered = app.tasks[followUp.message.headers.task] else { continue }
            let body = try app.codec.decodeBody(of: followUp.message)
            let _: AsyncResult<CeleryValue> = try await EagerRun(app: app, task: registered)
                .run(
                    body: body,
                    options: SendOptions(taskID: followUp.message.headers.id)
                )
        }
        let result = AsyncResult<Output>(
            id: message.headers.id,
            app: app,
            taskName: task.name,
            isIgnored: false,
            eager: meta
        )
        if settings.taskEagerPropagates, meta.state == .failure { _ = try await result.get() }
        return result
    }
}

extension TaskMeta {
    /// What a worker would have stored.
    init(eager report: TaskReport, message: Message) {
        let id = message.headers.id
        switch report.outcome {
        case .success(let value, _): self.init(taskID: id, state: .success, outcome: .value(value))
        case .failure(let failure), .retry(let failure):
            self.init(
                taskID: id,
                state: .failure,
                outcome: .exception(failure.exception),
                traceback: failure.traceback
            )
        case .ignored: self.init(taskID: id, state: .ignored)
        case .rejected(let reason, let requeue):
            self.init(
                taskID: id,
                state: .rejected,
                outcome: .exception(.rejected(reason, requeue: requeue))
            )
        }
        children = report.children
        dateDone = Timestamp.now.iso8601
    }
}

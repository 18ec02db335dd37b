//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization

/// Turns ends into settlements, and remembers what to say in the log once they have taken effect.
struct SettlementPlan {
    /// One settlement and its log line.
    struct Item {
        var settlement: Settlement
        var chords: ChordWork?
        /// What is sent with the message's own release, and not before as other follow-ups of a chord's part are.
        var parting: [OutgoingMessage] = []
        /// Nil where there is none of which a failure could be made.
        var source: Source?
        var log: (WorkerLog) -> Void

        /// Whether the task, or what replaces it, goes on in what is sent, and nothing is stored but, at most, that. Where messages and
        /// results lie in two stores it leaves with the message's release then, and not before: if this worker died in between, a task
        /// that goes on would be taken for lost, or run twice.
        var goesOn: Bool {
            !settlement.publish.isEmpty && parting.isEmpty && chords?.parts.isEmpty ?? true
                && settlement.results.allSatisfy { !$0.meta.state.isReady }
        }

        /// Its results, told of after its release.
        func results(since began: Timestamp) -> [StoredResult] {
            settlement.results.map { StoredResult($0.meta, expires: $0.expires, since: began) }
        }
    }

    /// Whose end it is.
    struct Source {
        var message: Message
        var policy: TaskPolicy
        var queue: String
        var stored: SettlementDecision.Stored
    }

    private let pipeline: WorkerPipeline
    let records: ResultRecord
    let account: ChordAccount

    init(_ pipeline: WorkerPipeline) {
        self.pipeline = pipeline
        records = ResultRecord(pipeline)
        account = ChordAccount(records: records, claimant: pipeline.identity)
    }

    /// - Parameter known: What is stored of tasks that an earlier attempt may have ended: of those that began in a worker that died
    ///   nothing is lost then.
    func item(for finished: Finished, known: [String: TaskMeta] = [:]) -> Item {
        switch finished.item {
        case .postponed(let tag, let time):
            let requeue = Requeue(.front, notBefore: time, countsAttempt: false)
            return Item(settlement: Settlement(tag, .requeue(requeue))) { _ in }
        case .ended(let ending, let delivery):
            let meta = ending.message.flatMap { known[$0.headers.id] }
            if delivery.kind == .obituary, let message = ending.message, let meta, hasLeft(message, meta) {
                return item(for: message, endedAs: meta, delivery)
            }
            return item(for: ending, delivery, known: meta)
        case .run(let task, let end, let runtime):
            var item = item(for: task, end, runtime: runtime)
            if item.chords == nil, let meta = known[task.request.message.headers.id] {
                item.chords = chordWork(endedAs: meta, task.request.message, &item.settlement)
            }
            return item
        }
    }

    /// Whether what is stored of a task is of the attempt whose worker died, and not of one before: so it is of an end. A retry goes on
    /// elsewhere; that it is stored tells of it as long as it is the first attempt that has died, or results say which one they are of.
    private func hasLeft(_ message: Message, _ meta: TaskMeta) -> Bool {
        guard meta.state == .retry else { return meta.state.isReady }
        return meta.extended?.retries.map { $0 >= message.headers.retries } ?? (message.headers.retries == 0)
    }

    private func item(for ending: Ending, _ delivery: Delivery, known meta: TaskMeta?) -> Item {
        var settlement = Settlement(delivery.tag, ending.disposition)
        guard let message = ending.message else {
            return Item(settlement: settlement) { $0.deadLettered(delivery.queue, ending.disposition) }
        }
        let policy = ending.policy ?? TaskPolicy(headers: message.headers, settings: records.settings)
        let failure = ending.failure.map { exception in
            TaskFailure(exception: exception, traceback: "\(exception.type): \(exception.message)")
        }
        let stored: SettlementDecision.Stored =
            failure.map { .failure($0) } ?? ending.revoked.map { .revoked($0) } ?? .nothing
        if let result = records.record(
            stored,
            message: message,
            policy: policy,
            children: [],
            queue: delivery.queue
        ) {
            settlement.results = [result]
        }
        var starts: [ChordStart] = []
        if failure != nil {
            let plan = errbacks(message)
            settlement.publish = plan.messages
            starts = plan.chords
        }
        var chords = chordWork(stored, message, starts, &settlement)
        if ending.isDone, let meta { chords = chordWork(endedAs: meta, message, &settlement) }
        let (metrics, events, middleware) = (pipeline.metrics, pipeline.events, pipeline.app.middleware)
        let source = Source(message: message, policy: policy, queue: delivery.queue, stored: stored)
        let isUnknown = failure?.exception.type == "NotRegistered"
        return Item(settlement: settlement, chords: chords, source: source) { log in
            if let reason = ending.revoked { middleware.taskRevoked(message, reason: reason) }
            if isUnknown { middleware.taskUnknown(message) }
            if events.isOn.load(ordering: .relaxed) { events.addEnd(ending, message) }
            let state: TaskState = failure != nil ? .failure : ending.revoked != nil ? .revoked : .ignored
            metrics.ended(isUnknown ? nil : message.headers.task, state: state.rawValue, runtime: nil)
            if let reason = ending.revoked {
                log.revoked(message, reason: reason)
            } else if let failure {
                log.endedWithoutRun(message, failure)
            } else {
                log.alreadySucceeded(message)
            }
        }
    }

    private func item(for task: AdmittedTask, _ end: RunEnd, runtime: Duration) -> Item {
        let message = task.request.message
        let now = Timestamp.now
        let afterLoss = AfterLoss(
            end,
            request: task.request,
            policy: task.policy,
            retry: pipeline.app.registeredTask(message.headers.task)?.options.retry ?? .onRequest,
            now: now
        )
        let decision = SettlementDecision.decide(
            end,
            policy: task.policy,
            deaths: task.deaths,
            now: now,
            afterLoss: afterLoss
        )
        var children: [CeleryValue] = []
        var starts: [ChordStart] = []
        if case .reported(let report) = end {
            children = report.children
            starts = report.chords
        }
        var settlement = Settlement(task.tag, decision.disposition, publish: decision.publish)
        if let result = records.record(
            decision.stored,
            message: message,
            policy: task.policy,
            children: children,
            queue: task.request.queue
        ) {
            settlement.results = [result]
        }
        if decision.needsErrbacks {
            let plan = errbacks(message)
            settlement.publish += plan.messages
            starts += plan.chords
        }
        let chords = chordWork(decision.stored, message, starts, &settlement)
        let (metrics, events, middleware) = (pipeline.metrics, pipeline.events, pipeline.app.middleware)
        let rejection = task.policy.acksLate ? decision.rejection(of: end) : nil
        let source = Source(message: message, policy: task.policy, queue: task.request.queue, stored: decision.stored)
        return Item(settlement: settlement, chords: chords, source: source) { log in
            if let rejection { middleware.taskRejected(message, requeue: rejection) }
            switch (end, decision.stored) {
            case (.lost, .failure(let failure)): middleware.taskLost(message, failure: failure)
            case (_, .revoked(let reason)): middleware.taskRevoked(message, reason: reason)
            default: break
            }
            if events.isOn.load(ordering: .relaxed) {
                events.addEnd(end, decision, message, runtime: runtime, rejection: rejection)
            }
            metrics.ended(message.headers.task, state: decision.stateWord, runtime: runtime)
            log.ended(message, end, decision, runtime: runtime)
        }
    }

    /// A task whose worker died after its result was stored: only what came after that is still to be done.
    private func item(for message: Message, endedAs meta: TaskMeta, _ delivery: Delivery) -> Item {
        var settlement = Settlement(delivery.tag, .acknowledge)
        let chords = chordWork(endedAs: meta, message, &settlement)
        return Item(settlement: settlement, chords: chords) { $0.alreadySucceeded(message) }
    }

    /// What chords are to be told of a task whose end is stored.
    private func chordWork(endedAs meta: TaskMeta, _ message: Message, _ settlement: inout Settlement) -> ChordWork? {
        guard meta.state.isReady else { return nil }
        let stored: SettlementDecision.Stored =
            switch meta.outcome {
            case .value(let value): .success(value)
            case .exception(let exception) where meta.state == .revoked: .revoked(exception.message)
            case .exception(let exception): .failure(TaskFailure(exception: exception, traceback: meta.traceback))
            }
        return chordWork(stored, message, [], &settlement)
    }

    func chordWork(
        _ stored: SettlementDecision.Stored,
        _ message: Message,
        _ starts: [ChordStart],
        _ settlement: inout Settlement,
        abandons: Bool = true
    ) -> ChordWork? {
        guard
            let (work, results) = account.work(
                stored,
                message: message,
                starts: starts,
                abandons: abandons,
                continuations: continuations(message)
            )
        else { return nil }
        settlement.results += results
        return work.isEmpty ? nil : work
    }

    func errbacks(_ message: Message) -> CanvasPlan { continuations(message)?.1.onFailure() ?? CanvasPlan() }

    func continuations(_ message: Message) -> (TaskBody, Continuations)? {
        guard let body = try? pipeline.app.codec.decodeBody(of: message) else { return nil }
        return (body, Continuations(app: pipeline.app, message: message, body: body))
    }
}

extension TaskPolicy {
    /// For a task that is not registered: header and settings decide.
    init(headers: TaskHeaders, settings: CelerySettings) {
        acksLate = settings.taskAcksLate
        acksOnFailure = settings.taskAcksOnFailure
        acksOnTimeout = settings.taskAcksOnTimeout
        rejectOnWorkerLost = settings.taskRejectOnWorkerLost
        retryOnWorkerLost = settings.taskRetryOnWorkerLost
        ignoreResult = headers.ignoreResult ?? settings.taskIgnoreResult
        storeErrorsEvenIfIgnored = settings.taskStoreErrorsEvenIfIgnored
        trackStarted = false
        maxWorkerDeaths = settings.taskMaxWorkerDeaths
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// Runs tasks, and all that they lead to, in the caller's process instead of sending them: one after the other, without waiting for
/// countdowns.
///
/// Arguments go through the serializer, so that what would not travel fails here too. Source: `apply` of tasks, chains, groups and
/// chords in Celery.
final class EagerSession: Sendable {
    /// That of the running task: what it sends is part of the same.
    @TaskLocal static var current: EagerSession?

    let app: CeleryApp
    let results = EagerResults()
    let chords = EagerChords()

    init(app: CeleryApp) { self.app = app }

    /// Runs until nothing is left to run.
    ///
    /// - Parameter propagates: Whether the first task that fails ends it: its errbacks are run, then its error is thrown.
    func run(_ plan: CanvasPlan, propagates: Bool) async throws {
        chords.start(plan.chords)
        var waiting = plan.messages
        var failure: TaskMeta?
        while !waiting.isEmpty {
            let message = waiting.removeFirst().message
            let report = await run(message)
            chords.start(report.chords)
            if case .retry = report.outcome {
                waiting = report.followUps + waiting
                continue
            }
            let meta = TaskMeta(eager: report, message: message)
            // What was replaced ends under the same id later.
            if case .ignored = report.outcome { results.store(meta) } else { try await store([meta]) }
            if propagates, failure == nil, meta.state == .failure {
                failure = meta
                waiting = report.followUps
                continue
            }
            waiting += report.followUps
            if failure == nil { waiting += try await settle(meta, report, of: message) }
        }
        if let failure { _ = try AsyncResult<CeleryValue>(id: failure.taskID, app: app).output(of: failure) }
    }

    private func run(_ message: Message) async -> TaskReport {
        let request = TaskRequest(message: message, queue: message.properties.routingKey, hostname: Host.name)
        return await Self.$current.withValue(self) { await TaskRunner(app: app).run(request, control: RunControl()) }
    }

    private func store(_ metas: [TaskMeta]) async throws {
        for meta in metas { results.store(meta) }
        let settings = app.configuration.settings
        guard settings.taskStoreEagerResult, !metas.isEmpty else { return }
        let stored = metas.map { StoredResult($0, expires: settings.resultExpires(in: $0.state)) }
        do {
            try await app.resultBackend().store(stored, timeout: settings.brokerTimeout)
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: metas[0].taskID)
        }
    }

    /// What a task's end means for the chain and the chords around it; returns what begins thereby.
    private func settle(_ meta: TaskMeta, _ report: TaskReport, of message: Message) async throws -> [OutgoingMessage] {
        guard meta.state == .success || meta.state == .failure else { return [] }
        let body = try app.codec.decodeBody(of: message)
        var continuations = Continuations(app: app, message: message, body: body)
        continuations.isEager = true
        var call = CanvasNode(call: Signature(task: message.headers.task))
        call.id = meta.taskID
        call.continuation.chord = body.embed.chord
        call.continuation.groupID = message.headers.group
        call.continuation.groupIndex = message.headers.groupIndex
        var plan = CanvasPlan()
        var ended: [(call: CanvasNode, meta: TaskMeta)] = [(call, meta)]
        if meta.state == .failure { ended += try await fail(continuations.abandoned(), with: meta.outcome) }
        while !ended.isEmpty {
            let (call, meta) = ended.removeFirst()
            guard let chord = call.continuation.chord, let group = call.continuation.groupID else { continue }
            let part = EagerChords.Part(index: call.continuation.groupIndex, id: meta.taskID, end: meta.outcome)
            switch try chords.count(part, of: group) {
            case nil: break
            case .results(let results)?:
                plan.append(try continuations.chordBody(chord, groupID: group, results: results))
            case .failed(let id, let exception)?:
                let text = "Dependency \(id) raised \(exception.repr)"
                let error = ExceptionInfo(type: "ChordError", arguments: [.string(text)], module: "celery.exceptions")
                let calls = try CanvasNode(chord).calls
                ended += try await fail(calls, with: .exception(error))
                plan.append(await errbacks(of: calls, continuations, error))
            }
        }
        chords.start(plan.chords)
        return plan.messages
    }

    /// Calls that will never run end with this.
    private func fail(
        _ calls: [CanvasNode],
        with outcome: TaskMeta.Outcome
    ) async throws -> [(call: CanvasNode, meta: TaskMeta)] {
        let failed = calls.compactMap { call -> (call: CanvasNode, meta: TaskMeta)? in
            guard let id = call.id else { return nil }
            var meta = TaskMeta(taskID: id, state: .failure, outcome: outcome)
            meta.dateDone = Timestamp.now.iso8601
            meta.groupID = call.continuation.groupID
            return (call, meta)
        }
        try await store(failed.map(\.meta))
        return failed
    }

    /// Each once, for what the body comes to.
    private func errbacks(
        of calls: [CanvasNode],
        _ continuations: Continuations,
        _ error: ExceptionInfo
    ) async -> CanvasPlan {
        guard let last = calls.last, let id = last.id else { return CanvasPlan() }
        var errbacks: [Signature] = []
        for errback in calls.flatMap(\.continuation.errbacks) where !errbacks.contains(errback) {
            errbacks.append(errback)
        }
        let headers = TaskHeaders(task: last.signature.task, id: id)
        return await continuations.call(errbacks, with: FailedTask(headers, TaskFailure(exception: error), error: nil))
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
        groupID = message.headers.group
        parentID = message.headers.parentID
    }
}

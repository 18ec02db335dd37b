//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Logging

/// `celery.chord_unlock`: how chords end with a result backend that cannot count. Looks whether all parts have ended, sends the
/// body when they have, and asks to be run again when not.
///
/// Source: `celery/app/builtins.py`.
struct ChordUnlock {
    static let taskName = "celery.chord_unlock"

    private let context: TaskContext
    private let groupID: String
    private let body: Signature
    private let interval: Duration
    private let maxRetries: Int?
    private let parts: [ResultTree]

    init(_ arguments: TaskBody, _ context: TaskContext) throws {
        self.context = context
        guard arguments.arguments.count >= 2 else {
            throw ArgumentError("celery.chord_unlock() missing required arguments: 'group_id' and 'callback'")
        }
        groupID = try arguments.arguments[0].decode(as: String.self)
        body = try Signature(arguments.arguments[1].value())
        let seconds: Double? = try arguments.keyword("interval")
        interval = seconds.map { .bounded(seconds: $0) } ?? context.app.settings.resultChordRetryInterval
        maxRetries = try arguments.keyword("max_retries")
        let tuples: [CeleryValue] = try arguments.required("result", of: context.task)
        parts = try tuples.map { try ResultTree(tuple: $0) }
    }

    /// Looks once. A store or broker that is away is no end: it looks again later.
    func run() async throws -> EncodedValue {
        do {
            try await look()
            // The same workflow may be sent once more, under the same ids.
            if context.retries > 0 { try await context.app.resultBackend().forget([noteID]) }
            return .null
        } catch {
            try Task.checkCancellation()
            guard Self.isPassing(error) else { throw error }
            throw Retry(countdown: interval, maxRetries: .max, cause: error)
        }
    }

    private func look() async throws {
        let ids = parts.flatMap(\.leaves)
        let metas = try await fetch(ids + [noteID])
        // Without a result, and without an end of the other's note.
        guard try await isLatest(metas[noteID]) else { throw Ignore() }
        guard ids.allSatisfy({ metas[$0]?.state.isReady == true }) else {
            throw Retry(countdown: interval, maxRetries: maxRetries ?? .max)
        }
        if let failed = ids.lazy.compactMap({ metas[$0] }).first(where: { $0.state != .success }) {
            let cause = if case .exception(let error) = failed.outcome { error.repr } else { failed.state.rawValue }
            return try await fail("Dependency \(failed.taskID) raised \(cause)")
        }
        // It may come back from a worker that died over it: what has begun is not sent again.
        guard try await fetch(CanvasNode.calls(of: body).compactMap(\.id)).isEmpty else { return }
        do {
            try await send(try values(metas))
        } catch {
            try Task.checkCancellation()
            guard !Self.isPassing(error) else { throw error }
            try await fail("Callback error: \(error)")
        }
    }

    /// Under which it is noted which look was the last to begin.
    private var noteID: String { TaskID.derived(from: context.id, salt: "looks") }

    /// Whether no other look is further. A worker that died after it had asked for the next, and before its message was released, leaves two
    /// that would go on until each sends the body: what comes back stops here, or of two next ones that which begins second.
    private func isLatest(_ note: TaskMeta?) async throws -> Bool {
        var (last, lastETA) = (0, "")
        if case .value(let value)? = note?.outcome {
            let words = try value.decode(as: String.self).split(separator: " ", maxSplits: 1)
            last = words.first.flatMap { Int($0) } ?? 0
            lastETA = words.count > 1 ? String(words[1]) : ""
        }
        let eta = context.eta ?? ""
        guard context.retries > last else { return context.retries == last && (last == 0 || eta == lastETA) }
        let text = EncodedValue(.string("\(context.retries) \(eta)"))
        let meta = TaskMeta(taskID: noteID, state: .started, outcome: .value(text))
        let settings = context.app.settings
        try await context.app.resultBackend()
            .store([StoredResult(meta, expires: settings.resultExpires)], timeout: settings.brokerTimeout)
        return true
    }

    private func fetch(_ ids: [String]) async throws -> [String: TaskMeta] {
        guard !ids.isEmpty else { return [:] }
        return try await context.app.resultBackend().fetch(ids, timeout: context.app.settings.brokerTimeout)
    }

    private func values(_ metas: [String: TaskMeta]) throws(WireError) -> EncodedValue {
        var values: [EncodedValue] = []
        for part in parts {
            values.append(
                try part.value { id in
                    if case .value(let value)? = metas[id]?.outcome { value } else { .null }
                }
            )
        }
        return try EncodedValue(array: values)
    }

    private func send(_ results: EncodedValue) async throws {
        let plan = try CanvasSender(app: context.app).plan(CanvasNode(body), from: origin("body", results)).plan
        try await context.app.sender.send(plan, options: SendOptions())
    }

    private func origin(_ salt: String, _ input: EncodedValue) -> CanvasOrigin {
        var origin = CanvasOrigin(
            parentID: context.id,
            rootID: context.rootID,
            makeID: CanvasOrigin.derivedIDs(from: groupID, salt: salt)
        )
        origin.input = input
        return origin
    }

    private static func isPassing(_ error: any Error) -> Bool {
        let cause = (error as? CeleryError)?.cause ?? error
        return (cause as? TransportError)?.isTransient ?? false
    }
}

extension ChordUnlock {
    /// The body, and all that it would have begun, ends with this.
    private func fail(_ text: String) async throws {
        let calls = try await withRests(CanvasNode.calls(of: body))
        let error = ExceptionInfo(type: "ChordError", arguments: [.string(text)], module: "celery.exceptions")
        let settings = context.app.settings
        let results = Set(calls.compactMap(\.id)).sorted()
            .map { id in
                var meta = TaskMeta(taskID: id, state: .failure, outcome: .exception(error))
                meta.dateDone = Timestamp.now.iso8601
                return StoredResult(meta, expires: settings.resultExpires(in: .failure))
            }
        try await context.app.resultBackend().store(results, timeout: settings.brokerTimeout)
        let plan = errbacks(of: calls, id: CanvasNode.calls(of: body).last?.id ?? groupID)
        try await context.app.sender.send(plan, options: SendOptions())
    }

    /// With what is stored of long chains, as far as it is still there.
    private func withRests(_ calls: [CanvasNode]) async throws -> [CanvasNode] {
        var (all, rests) = (calls, calls.compactMap { ChainRest($0)?.block })
        while !rests.isEmpty {
            let stored = try await fetch(rests)
            let found = rests.compactMap { stored[$0] }
                .flatMap { (try? ChainRest.workflow(in: $0).pushed().calls) ?? [] }
            rests = found.compactMap { ChainRest($0)?.block }
            all += found
        }
        return all
    }

    /// Each once, whichever steps of the body have it, with the id of what the body comes to.
    private func errbacks(of calls: [CanvasNode], id: String) -> CanvasPlan {
        var errbacks: [Signature] = []
        for errback in calls.flatMap(\.continuation.errbacks) where !errbacks.contains(errback) {
            errbacks.append(errback)
        }
        var plan = CanvasPlan()
        for (index, errback) in errbacks.enumerated() {
            do {
                let origin = self.origin("errback/\(index)", EncodedValue(.string(id)))
                plan.append(try CanvasSender(app: context.app).plan(CanvasNode(errback), from: origin).plan)
            } catch {
                context.logger.error(
                    "errback cannot be sent",
                    metadata: ["celery.errback": "\(errback.task)", "error": "\(error)"]
                )
            }
        }
        return plan
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// `celery.chord_unlock`: how chords end with a result backend that cannot count. Looks whether all parts have ended, sends the
/// body when they have, and asks to be run again when not.
///
/// Source: `celery/app/builtins.py`.
struct ChordUnlock {
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

    func run() async throws -> EncodedValue {
        let app = context.app
        let ids = parts.flatMap(\.leaves)
        let metas = try await app.resultBackend().fetch(ids, timeout: app.settings.brokerTimeout)
        guard ids.allSatisfy({ metas[$0]?.state.isReady == true }) else {
            throw Retry(countdown: interval, maxRetries: maxRetries ?? .max)
        }
        if let failed = ids.lazy.compactMap({ metas[$0] }).first(where: { $0.state != .success }) {
            try await fail(because: failed)
            return .null
        }
        var values: [EncodedValue] = []
        for part in parts {
            values.append(
                try part.value { id in
                    if case .value(let value)? = metas[id]?.outcome { value } else { .null }
                }
            )
        }
        var origin = CanvasOrigin(
            parentID: context.id,
            rootID: context.rootID,
            makeID: CanvasOrigin.derivedIDs(from: groupID, salt: "body")
        )
        origin.input = try EncodedValue(array: values)
        try await app.sender.send(
            try CanvasSender(app: app).plan(CanvasNode(body), from: origin).plan,
            options: SendOptions()
        )
        return .null
    }

    /// The body, and all that it would have begun, ends with the first part's error.
    private func fail(because failed: TaskMeta) async throws {
        let cause = if case .exception(let exception) = failed.outcome { exception.repr } else { failed.state.rawValue }
        let text = "Dependency \(failed.taskID) raised \(cause)"
        let error = ExceptionInfo(type: "ChordError", arguments: [.string(text)], module: "celery.exceptions")
        let settings = context.app.settings
        let results = try CanvasNode(body).pushed().calls.compactMap(\.id)
            .map { id in
                var meta = TaskMeta(taskID: id, state: .failure, outcome: .exception(error))
                meta.dateDone = Timestamp.now.iso8601
                return StoredResult(meta, expires: settings.resultExpires(in: .failure))
            }
        try await context.app.resultBackend().store(results, timeout: settings.brokerTimeout)
        var plan = CanvasPlan()
        for errback in try CanvasNode(body).continuation.errbacks {
            var origin = CanvasOrigin(parentID: context.id, rootID: context.rootID)
            origin.input = EncodedValue(.string(body.options["task_id"]?.text ?? groupID))
            plan.append(try CanvasSender(app: context.app).plan(CanvasNode(errback), from: origin).plan)
        }
        try await context.app.sender.send(plan, options: SendOptions())
    }
}

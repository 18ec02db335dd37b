//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension CanvasSender {
    /// `celery.chord_unlock` for a chord whose parts nobody counts. It goes where the body goes.
    ///
    /// Source: `Backend.fallback_chord_unlock` in `celery/backends/base.py`.
    func unlock(
        _ groupID: String,
        _ body: CanvasNode,
        _ header: ResultTree,
        from origin: CanvasOrigin
    ) throws -> OutgoingMessage {
        var options = SendOptions(taskID: origin.makeID(), countdown: app.settings.resultChordRetryInterval)
        options.ignoreResult = true
        (options.parentID, options.rootID) = (origin.parentID, origin.rootID)
        if let first = body.calls.first?.signature {
            let wanted = SendOptions(first.options)
            (options.queue, options.priority) = (wanted.queue, wanted.priority)
            (options.exchange, options.routingKey) = (wanted.exchange, wanted.routingKey)
            if wanted.queue == nil, wanted.exchange == nil, wanted.routingKey == nil {
                let route = try? app.router.route(first.task, args: first.arguments, kwargs: first.keywords)
                options.queue = route?.queue.name
            }
        }
        var parts: [CeleryValue] = []
        if case .group(_, _, let children) = header { parts = children.map(\.tuple) }
        return try app.sender.build(
            task: ChordUnlock.taskName,
            body: TaskBody(
                arguments: [EncodedValue(.string(groupID)), EncodedValue(try body.wire().value())],
                keywords: [
                    TaskBody.Keyword("interval", EncodedValue(.null)),
                    TaskBody.Keyword("max_retries", EncodedValue(.null)),
                    TaskBody.Keyword("result", EncodedValue(.array(parts))),
                ]
            ),
            taskOptions: TaskOptions(),
            options: options
        )
    }
}

extension CanvasNode {
    /// Whether a chord is among what is sent at once.
    var beginsWithChord: Bool {
        switch shape {
        case .call: false
        case .chain(let steps): steps.first?.beginsWithChord ?? false
        // What follows a group by its options makes a chord of it.
        case .group(let members): continuation.chain?.isEmpty == false || members.contains(where: \.beginsWithChord)
        case .chord(let header, let body): header.size > 0 || header.beginsWithChord || body.beginsWithChord
        }
    }
}

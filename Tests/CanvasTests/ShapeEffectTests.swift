//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import ServiceTestSupport
import Synchronization
import Testing

/// What captured workflows do beside coming to a value: callbacks, errbacks, retries and stamps.
@Suite("What captured workflows do beside their value", .timeLimit(.minutes(5)))
struct ShapeEffectTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        var name: String
        /// A line for each run of a task, in alphabetical order.
        var effects: [String]

        init(_ name: String, _ effects: String...) { (self.name, self.effects) = (name, effects) }

        var testDescription: String { name }
    }

    static let shapes = [
        Shape("link_success", "add 5", "mul 50"),
        Shape("link_error_new_style", "boom ValueError", "on_err ValueError"),
        Shape("link_error_old_style", "boom ValueError", #"on_err_old ["err-old", "<id>"]"#),
        Shape("chain_fails_in_middle", "add 3", "boom ValueError", "on_err ValueError"),
        Shape("chord_header_fails_body_errback", "add 2", "add 4", "boom ValueError", "on_err ChordError"),
        Shape("chord_header_fails_no_errback", "add 2", "boom ValueError"),
        Shape("chord_body_fails_errback", "add 2", "add 4", "boom ValueError", "on_err ValueError"),
        Shape("subtasks_children", "add 2", "mul 4", #"spawner "spawned""#),
        Shape("stamped_chain", "add 3 shape=square", "mul 9 shape=square"),
        Shape("stamped_chord", "add 3 shape=square", "add 7 shape=square", "xsum 10 shape=square"),
        Shape("retry_task", #"flaky "solo ok after 2""#, "flaky retry", "flaky retry"),
        Shape(
            "retry_task_with_countdown_priority_queue",
            #"flaky "cd ok after 2""#,
            "flaky retry",
            "flaky retry",
            #"ident "cd ok after 2""#
        ),
        Shape("retry_exhausted", "always_retry ValueError", "always_retry retry", "on_err ValueError"),
    ]

    @Test("Each task runs as often as it should, with what it should come to", arguments: shapes)
    func effects(shape: Shape) async throws {
        let app = CanvasTasks.app(broker: "memory://effects-\(shape.name.filter { $0 != "_" })")
        let ledger = EffectLedger()
        app.use(ledger)
        app.errback("shapes.on_err") { (failed: FailedTask) in ledger.note("on_err \(failed.exception.type)") }
        try await withWorker(app) { () async throws -> Void in
            _ = try? await ShapeClient(app: app, timeout: .seconds(60)).run(shape.name)
            _ = try await eventually(within: .seconds(60)) { ledger.lines.count >= shape.effects.count }
            // Sent after all of it, so that anything more would have come before.
            #expect(try await app.signature("shapes.add", args: [20, 20]).delay().get() == 40)
            #expect(ledger.lines.filter { $0 != "add 40" } == shape.effects)
        }
        await app.shutdown()
    }
}

/// Writes down what tasks come to.
private final class EffectLedger: CeleryMiddleware {
    private let noted = Mutex<[String]>([])

    var lines: [String] { noted.withLock { $0.sorted() } }

    func note(_ line: String) { noted.withLock { $0.append(line) } }

    func taskSuccess(_ context: TaskContext, result: EncodedValue) {
        // An errback says more of itself, and is not always sent as a task.
        guard context.task != "shapes.on_err" else { return }
        note(context, ((try? result.value()) ?? .null).withoutIDs.json)
    }

    func taskFailure(_ context: TaskContext, failure: TaskFailure) { note(context, failure.exception.type) }

    func taskRetry(_ context: TaskContext, failure: TaskFailure) { note(context, "retry") }

    private func note(_ context: TaskContext, _ what: String) {
        var line = "\(context.task.dropFirst("shapes.".count)) \(what)"
        for (name, value) in context.stamps.members {
            if case .string(let text) = value { line += " \(name)=\(text)" }
        }
        note(line)
    }
}

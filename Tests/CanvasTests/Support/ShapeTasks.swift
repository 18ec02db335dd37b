//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery

/// The tasks of the captured shapes, as Tests/InteropTests/python/canvas_shapes.py has them.
enum ShapeTasks {
    static func register(on app: CeleryApp) {
        let add = app.task("shapes.add") { (x: Int, y: Int) in x + y }
        let mul = app.task("shapes.mul") { (x: Int, y: Int) in x * y }
        app.task("shapes.xsum") { (numbers: [Int]) in numbers.reduce(0, +) }
        app.task("shapes.echo", parameters: "x", "k") { (x: Int, k: String) -> CeleryValue in
            ["args": [.int(x)], "kwargs": ["k": .string(k)]]
        }
        app.task("shapes.ident") { (x: CeleryValue?) in x }
        app.task("shapes.boom") { (_: CeleryValue?) -> Int in throw WentWrong(text: "went wrong") }
        app.task("shapes.ignored", options: TaskOptions(ignoreResult: true)) { (x: Int) in x }
        registerRetrying(on: app)
        app.task("shapes.replacer") { (context: TaskContext, x: Int) -> Int in
            throw context.replace(with: add.si(x, 100))
        }
        app.task("shapes.replacer_chain") { (context: TaskContext, x: Int) -> Int in
            throw context.replace(with: add.si(x, 1).then(add.s(2)))
        }
        app.task("shapes.spawner") { () -> String in
            try await add.delay(1, 1)
            try await mul.delay(2, 2)
            return "spawned"
        }
        app.task("shapes.adder_in_chord") { (context: TaskContext) -> CeleryValue in
            [[.string(try await context.addToChord(add.s(7, 7)).id), .null], .null]
        }
        app.task("shapes.on_err_old") { (id: String) in ["err-old", id] }
        app.task("shapes.dump_request", parameters: "value", "a") {
            (context: TaskContext, _: CeleryValue?, _: Int?) -> CeleryValue in
            var parent = CeleryValue.null
            if let id = context.parentID { parent = .string(id) }
            return [
                "id": .string(context.id), "root_id": .string(context.rootID), "parent_id": parent,
                "retries": .int(context.retries),
            ]
        }
    }

    private static func registerRetrying(on app: CeleryApp) {
        app.task(
            "shapes.flaky",
            parameters: "tag",
            "countdown",
            options: TaskOptions(retry: RetryPolicy(limit: 2, delay: .constant(.zero)))
        ) { (context: TaskContext, tag: String, countdown: Int?) -> String in
            if context.retries < 2 { throw context.retry(countdown: .seconds(countdown ?? 0)) }
            return "\(tag) ok after \(context.retries)"
        }
        app.task(
            "shapes.always_retry",
            options: TaskOptions(retry: RetryPolicy(limit: 1, delay: .constant(.zero)))
        ) { (context: TaskContext) -> Int in
            throw context.retry(countdown: .zero, because: WentWrong(text: "again"))
        }
    }

    struct WentWrong: CeleryErrorConvertible {
        var text: String
        var exceptionInfo: ExceptionInfo {
            ExceptionInfo(type: "ValueError", arguments: [.string(text)], module: "builtins")
        }
    }
}

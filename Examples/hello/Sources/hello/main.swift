//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery

// No broker named: messages and results live in celery.sqlite in the working directory.
let app = CeleryApp("hello")

// A task is a name and a closure. Wrong arguments to it do not compile.
let add = app.task("hello.add") { (x: Int, y: Int) in x + y }

let divide = app.task("hello.divide") { (x: Int, y: Int) throws -> Int in
    guard y != 0 else { throw DivisionByZero(dividend: x) }
    return x / y
}

// Ends its process, as a crash in a library would. Only its own task is lost with it.
let crash = app.task("hello.crash") { (message: String) -> Int in fatalError(message) }

// Or a struct, when a task has options or wants to know about its run.
app.register(FetchPage.self)
app.register(ResizeImages.self)

if CommandLine.arguments.dropFirst().first == "demo" {
    try await Demo(app: app, add: add, divide: divide, crash: crash).run()
} else {
    await CeleryCommand.main(app)
}

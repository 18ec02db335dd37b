//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

func callsThatFit(_ app: CeleryApp) async throws {
    let add = app.task("add") { (x: Int, y: Int) in x + y }
    let ping = app.task("ping") { () in "pong" }
    let sum: AsyncResult<Int> = try await add.delay(2, 3)
    let total: Int = try await sum.get(timeout: .seconds(1))
    _ = try await add.run(total, 1)
    _ = try await ping.delay()
    _ = add.s(1, 2).link(add.s(3)).link(ping.si())
}

func stepsThatFit(_ app: CeleryApp) async throws {
    let add = app.task("add") { (x: Int, y: Int) in x + y }
    let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
    let alert = app.task("alert") { (id: String) in id }
    let both = app.task("both") { (parts: Gathered<Int, String>) in parts.values.1 }
    let members = group([add.s(1, 2), add.s(3, 4)])
    let total: AsyncResult<Int> = try await members.then(sum.s()).then(add.s(3)).onError(alert.s()).delay()
    let each: [Int] = try await add.s(1, 2).then(group([add.s(3), add.s(4)])).delay().join()
    let tuple: AsyncResult<String> = try await group(add.s(1, 2), alert.s("x")).then(both.s()).delay()
    _ = try await chord(members, sum.s()).then(add.si(1, 2)).applyAsync(countdown: .seconds(1), queue: "sums")
    _ = try await chain(add.s(1, 2), add.s(3), add.s(4)).delay()
    _ = (total, each, tuple)
}

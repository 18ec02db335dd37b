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

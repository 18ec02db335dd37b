//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

final class NotCodable: Sendable {}

func callsThatDoNotFit(_ app: CeleryApp) async throws {
    let add = app.task("add") { (x: Int, y: Int) in x + y }
    let ping = app.task("ping") { () in "pong" }
    _ = try await add.delay("2", 3)  // error: cannot convert value of type 'String' to expected argument type 'Int'
    _ = try await add.delay(2)  // error: pack expansion requires
    _ = try await add.delay(2, 3, 4)  // error: pack expansion requires
    _ = try await ping.delay(1)  // error: argument passed to call that takes no arguments
    let text: AsyncResult<String> = try await add.delay(2, 3)  // error: cannot
    _ = add(2, 3)  // error: cannot call value of non-function type
    _ = text
}

func tasksThatCannotTravel(_ app: CeleryApp) {
    app.task("bad") { (x: NotCodable) in 1 }  // error: no exact matches in call to instance method
}

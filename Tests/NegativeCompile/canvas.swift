//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

struct Order: Codable, Sendable {}

func stepsThatDoNotFit(_ app: CeleryApp) async throws {
    let add = app.task("add") { (x: Int, y: Int) in x + y }
    let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
    let name = app.task("name") { (order: Order) in "order" }
    let alert = app.task("alert") { (id: String) in id }
    _ = add.s(1, 2).then(name.s())  // error: no exact matches in call to instance method
    _ = add.s(1, 2).then(add.s(3, 4))  // error: no exact matches in call to instance method 'then'
    _ = group([add.s(1, 2), add.s(3, 4)]).then(add.s(3))  // error: cannot convert value of type
    _ = add.s(1, 2).then(sum.s())  // error: cannot convert value of type
    _ = group([add.s(1, 2), add.s(3)])  // error: cannot convert value of type
    _ = chain(add.s(1, 2), name.s())  // error: cannot convert value of type
    _ = chord(group([add.s(1, 2)]), add.s(1))  // error: cannot convert value of type
    _ = try await add.s(1).delay()  // error: missing argument for parameter #2 in call
    let text: AsyncResult<String> = try await add.s(1, 2).then(add.s(3)).delay()  // error: cannot
    _ = add.s(1, 2).linkError(add.s(3))  // error: cannot convert value of type
    let told = app.errback("told") { (_: FailedTask) in }
    _ = add.s(1, 2).then(told.s())  // error: no exact matches in call to instance method 'then'
    _ = add.s(1, 2).link(told.s())  // error: no exact matches in call to instance method 'link'
    _ = add.s(1, 2).link(alert.s())  // error: cannot convert value of type
    _ = text
}

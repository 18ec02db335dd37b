//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Waits until a condition holds, looking every few milliseconds.
///
/// - Returns: Whether it held in time.
package func eventually(
    within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))  // looks again; never a wait for something to happen by itself
    }
    return try await condition()
}

/// Waits until there is a value, looking every few milliseconds.
///
/// - Throws: ``ServiceError`` that says what was waited for.
package func waited<Value>(
    for what: @autoclosure () -> String,
    within limit: Duration = .seconds(20),
    _ value: () async throws -> Value?
) async throws -> Value {
    var found: Value?
    _ = try await eventually(within: limit) {
        found = try await value()
        return found != nil
    }
    guard let found else { throw ServiceError("after \(limit) still not: \(what())") }
    return found
}

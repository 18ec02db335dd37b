//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a check throws when a store breaks its contract.
public struct CheckFailure: Error, Sendable, CustomStringConvertible {
    /// What was expected and what was found.
    public var message: String
    /// Where in the suite.
    public var file: String
    public var line: Int

    public init(_ message: String, file: String = #fileID, line: Int = #line) {
        (self.message, self.file, self.line) = (message, file, line)
    }

    public var description: String { "\(message) (\(file):\(line))" }
}

/// Throws unless both are equal.
func requireEqual<Value: Equatable>(
    _ found: Value,
    _ expected: Value,
    _ what: String = "value",
    file: String = #fileID,
    line: Int = #line
) throws {
    guard found != expected else { return }
    throw CheckFailure("\(what): expected \(expected), found \(found)", file: file, line: line)
}

/// Throws unless the condition holds.
func require(_ condition: Bool, _ what: @autoclosure () -> String, file: String = #fileID, line: Int = #line) throws {
    guard !condition else { return }
    throw CheckFailure(what(), file: file, line: line)
}

/// The value, or a failure when there is none.
func requireSome<Value>(_ value: Value?, _ what: String, file: String = #fileID, line: Int = #line) throws -> Value {
    guard let value else { throw CheckFailure("\(what) is missing", file: file, line: line) }
    return value
}

/// Fails when it takes longer, in real time.
func within<Value: Sendable>(
    _ limit: Duration,
    _ what: String,
    file: String = #fileID,
    line: Int = #line,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw CheckFailure("\(what) took longer than \(limit)", file: file, line: line)
        }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import GRDB

/// Reads on a connection and thread of its own, so that a long write or another's lock does not hold it up.
final class Reader: Sendable {
    private typealias Job = @Sendable (DatabaseQueue) -> Void

    private let thread: JobThread<Job>
    private let database: DatabaseQueue
    private let path: String
    private let busy = BusyDeadline()

    init(options: SQLiteOptions) throws {
        path = options.path
        busy.set(MonotonicTime.now.advanced(by: options.timeout))
        let database = try Connection.open(options, label: "celery.reader", busy: busy)
        self.database = database
        thread = JobThread(name: "celery-read", limit: 64) { { jobs in for job in jobs { job(database) } } }
    }

    /// Reads in one short transaction, which sees one state of the file.
    func read<Value: Sendable>(
        timeout: Duration,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(TransportError) -> Value {
        let deadline = MonotonicTime.now.advanced(by: timeout)
        do {
            return try await withCheckedThrowingContinuation { continuation in
                let isQueued = thread.add { [busy, path] database in
                    guard MonotonicTime.now < deadline else {
                        let message = "\(path) could not be read within \(timeout)"
                        return continuation.resume(throwing: TransportError(.timedOut, message))
                    }
                    busy.set(deadline)
                    continuation.resume(with: Result { try Self.read(database, body) })
                }
                if !isQueued { continuation.resume(throwing: SQLiteStore.closedError(path)) }
            }
        } catch {
            throw StoreFailure.describe(error, path: path)
        }
    }

    func stop() async {
        await withCheckedContinuation { continuation in thread.stop { continuation.resume() } }
        try? database.close()
    }

    private static func read<Value>(_ queue: DatabaseQueue, _ body: (Database) throws -> Value) throws -> Value {
        try queue.writeWithoutTransaction { database in
            var value: Value?
            try database.inTransaction(.deferred) {
                value = try body(database)
                return .commit
            }
            guard let value else { throw DatabaseError(resultCode: .SQLITE_INTERNAL) }
            return value
        }
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import GRDB
import Synchronization

/// One file as broker and result store, in one process: a thread that writes, one that reads, one that keeps leases.
final class SQLiteStore: Sendable {
    let options: SQLiteOptions
    let files: StoreFiles
    let signals: Signals
    let keeper: Keeper
    private let reader: Reader
    private let database: DatabaseQueue
    private let writer: JobThread<any WriteJob>
    private let closed = Atomic(false)

    /// Opens the file, making it (mode 0600) when it is missing. Blocks; see ``SQLiteStores``.
    init(_ options: SQLiteOptions) throws(TransportError) {
        do {
            files = try StoreFiles(path: options.path)
            self.options = options
            let signals = Signals(folder: files.folder)
            self.signals = signals
            let busy = BusyDeadline()
            let database = try GroupCommitter.open(options, busy: busy)
            self.database = database
            reader = try Reader(options: options)
            writer = JobThread(name: "celery-write", limit: 512) {
                let committer = GroupCommitter(database, busy: busy, options: options) { signals.announce($0) }
                return { committer.run($0) }
            }
            keeper = Keeper(options: options, files: files, signals: signals)
        } catch {
            throw StoreFailure.describe(error, path: options.path)
        }
    }

    /// Changes the store. It takes effect as a whole or not at all, durably when it returns.
    ///
    /// - Parameters:
    ///   - isCancellable: Whether cancellation may keep it from being begun; it then throws `.closed`.
    ///   - idle: The answer when a look at the file shows that there is nothing to do.
    func write<Value: Sendable>(
        timeout: Duration? = nil,
        isCancellable: Bool = false,
        idle: (@Sendable (ReadAccess) throws -> Value?)? = nil,
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws(TransportError) -> Value {
        let deadline = MonotonicTime.now.advanced(by: timeout ?? options.timeout)
        let job = StoreJob(deadline: deadline, idle: idle, body: body)
        do {
            guard isCancellable else { return try await answer(to: job) }
            return try await withTaskCancellationHandler {
                try await answer(to: job)
            } onCancel: {
                job.cancel()
            }
        } catch {
            throw StoreFailure.describe(error, path: options.path)
        }
    }

    private func answer<Value: Sendable>(to job: StoreJob<Value>) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            job.answer(continuation)
            if !writer.add(job) { job.fail(Self.closedError(options.path)) }
        }
    }

    /// Looks at one state of the store.
    func read<Value: Sendable>(
        timeout: Duration? = nil,
        _ body: @escaping @Sendable (ReadAccess) throws -> Value
    ) async throws(TransportError) -> Value {
        try await reader.read(timeout: timeout ?? options.timeout, body)
    }

    static func closedError(_ path: String) -> TransportError {
        TransportError(.closed, "\(path) was shut down in this process; open it anew")
    }

    /// Ends the threads. Consumers must be closed before.
    func close() async {
        guard !closed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        await keeper.stop()
        await reader.stop()
        await withCheckedContinuation { continuation in
            writer.stop { [database] in
                // The last connection of all takes the log over into the file.
                try? database.close()
                continuation.resume()
            }
        }
        signals.wakeConsumers()
        signals.wakeListeners()
        signals.results.wakeAll()
    }

    var isClosed: Bool { closed.load(ordering: .acquiring) }
}
#endif

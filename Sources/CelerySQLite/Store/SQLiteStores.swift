//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import Synchronization

/// The stores that are open in this process, one for each file, however many transports and backends use it.
enum SQLiteStores {
    private struct Entry {
        var store: SQLiteStore
        var users: Int
    }

    private static let entries = Mutex<[StoreIdentity: Entry]>([:])

    /// Opens a file, or joins those who have it open. Each call needs one ``release(_:)``.
    static func acquire(_ options: SQLiteOptions) async throws(TransportError) -> SQLiteStore {
        do {
            return try await offload { try acquireBlocking(options) }
        } catch {
            throw StoreFailure.describe(error, path: options.path)
        }
    }

    /// Closes the store when nobody uses it any more.
    static func release(_ store: SQLiteStore) async {
        let isLast = entries.withLock { entries in
            guard entries[store.files.identity]?.store === store else { return true }
            entries[store.files.identity]?.users -= 1
            guard entries[store.files.identity]?.users == 0 else { return false }
            entries[store.files.identity] = nil
            return true
        }
        if isLast { await store.close() }
    }

    private static func acquireBlocking(_ options: SQLiteOptions) throws -> SQLiteStore {
        let files = try StoreFiles(path: options.path)
        if let store = try entries.withLock({ try join(&$0, files.identity, options) }) { return store }
        let opened = try SQLiteStore(options)
        return try entries.withLock { entries in
            // Somebody else may have been faster; what was opened here in vain closes itself.
            if let store = try join(&entries, files.identity, options) { return store }
            entries[files.identity] = Entry(store: opened, users: 1)
            return opened
        }
    }

    private static func join(
        _ entries: inout [StoreIdentity: Entry],
        _ identity: StoreIdentity,
        _ options: SQLiteOptions
    ) throws(TransportError) -> SQLiteStore? {
        guard let store = entries[identity]?.store else { return nil }
        guard !options.isSynchronousGiven || options.synchronous == store.options.synchronous else {
            throw TransportError(
                .misconfigured,
                "\(options.path) is open in this process with synchronous=\(store.options.synchronous.rawValue), and now "
                    + "\(options.synchronous.rawValue) is asked for: say the same of broker and result backend"
            )
        }
        entries[identity]?.users += 1
        return store
    }

    /// Runs what blocks on a thread of its own.
    private static func offload<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = JobThread<@Sendable () -> Void>(name: "celery-open", limit: 1) { { $0.forEach { $0() } } }
            let isQueued = thread.add { continuation.resume(with: Result { try body() }) }
            if !isQueued {
                continuation.resume(throwing: TransportError(.unavailable, "no thread could be started"))
            }
            thread.stop {}
        }
    }
}
#endif

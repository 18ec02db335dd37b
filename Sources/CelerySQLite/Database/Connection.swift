//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import GRDB
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How long a connection waits for another process's lock; set anew for each call.
final class BusyDeadline: Sendable {
    private let nanoseconds = Atomic<Int64>(.max)

    func set(_ deadline: MonotonicTime) { nanoseconds.store(deadline.nanoseconds, ordering: .relaxed) }

    /// Sleeps a little, longer each time up to 4 ms, until the deadline. Shorter steps than SQLite's own, whose
    /// hundred milliseconds would be everybody's latency under contention.
    func keepTrying(after tries: Int) -> Bool {
        guard MonotonicTime.now.nanoseconds < nanoseconds.load(ordering: .relaxed) else { return false }
        usleep(UInt32.random(in: 50...150) << UInt32(min(tries, 5)))
        return true
    }
}

/// Opens connections to the file.
enum Connection {
    /// - Parameter label: For the debugger.
    static func open(_ options: SQLiteOptions, label: String, busy: BusyDeadline) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = label
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .callback { busy.keepTrying(after: $0) }
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA journal_mode = WAL;
                    PRAGMA synchronous = \(options.synchronous.rawValue);
                    PRAGMA wal_autocheckpoint = 4000;
                    PRAGMA journal_size_limit = 67108864;
                    PRAGMA secure_delete = OFF;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA cache_size = -8000;
                    """
            )
        }
        return try DatabaseQueue(path: options.path, configuration: configuration)
    }
}
#endif

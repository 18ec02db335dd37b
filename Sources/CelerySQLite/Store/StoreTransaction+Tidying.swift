//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire

extension StoreTransaction {
    func forgetRevocations() throws {
        try database.query("DELETE FROM revocation WHERE expires <= ?").run(now)
    }

    /// Closed and dead consumers are remembered for a day.
    func forgetPresences() throws {
        try database.query("DELETE FROM presence WHERE seen <= ?").run(now - 86_400_000_000)
    }

    func revoke(_ revocations: [Revocation]) throws {
        try forgetRevocations()
        for revocation in revocations {
            try database.query("DELETE FROM revocation WHERE task_id = ?").run(revocation.taskID)
            try database.query("INSERT INTO revocation(task_id, terminate, signal, expires) VALUES(?, ?, ?, ?)")
                .run(
                    revocation.taskID,
                    revocation.terminate ? 1 : 0,
                    revocation.signal,
                    revocation.expires.microseconds
                )
        }
    }
}
#endif

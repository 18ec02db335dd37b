//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import GRDB
import GRDBSQLite

/// What an error of SQLite means to a caller.
enum StoreFailure {
    static func isBusy(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_LOCKED
    }

    /// Names the file and the way out.
    static func describe(_ error: any Error, path: String) -> TransportError {
        if let error = error as? TransportError { return error }
        guard let error = error as? DatabaseError else {
            return TransportError(.unavailable, "\(path) cannot be used", cause: error)
        }
        let (code, text) = explain(error.resultCode, extended: error.extendedResultCode)
        return TransportError(code, "\(path) \(text)", cause: error)
    }

    private static func explain(_ code: ResultCode, extended: ResultCode) -> (TransportError.Code, String) {
        switch code {
        case .SQLITE_FULL: (.full, "cannot grow: the disk is full; nothing was changed, make room and try again")
        case .SQLITE_IOERR where extended == .SQLITE_IOERR_SHMSIZE:
            (.full, "cannot grow its -shm file: the disk is full; make room and try again")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            (.timedOut, "is locked by another process for too long; nothing was changed")
        case .SQLITE_READONLY where extended == .SQLITE_READONLY_DBMOVED:
            (.misconfigured, "was moved or deleted while in use: put it back, or start again")
        case .SQLITE_READONLY: (.misconfigured, "is read-only: file and folder must be writable for this user")
        case .SQLITE_CANTOPEN, .SQLITE_PERM:
            (.misconfigured, "cannot be opened: its folder must exist and be writable for this user")
        case .SQLITE_NOTADB: (.misconfigured, "is not an SQLite database: use another file")
        case .SQLITE_CORRUPT: (.misconfigured, "is damaged: move it away, and try `sqlite3 FILE .recover` on it")
        case .SQLITE_IOERR: (.unavailable, "cannot be read or written: an input/output error")
        case .SQLITE_TOOBIG: (.unsupported, "cannot hold a message of that size: the limit is 1 GB")
        default: (.unavailable, "cannot be used")
        }
    }
}
#endif

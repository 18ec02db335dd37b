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

/// A value that can stand for a `?`.
protocol Bindable {
    func bind(to statement: OpaquePointer, at index: Int32)
}

extension Int64: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) { sqlite3_bind_int64(statement, index, self) }
}

extension Int: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) { sqlite3_bind_int64(statement, index, Int64(self)) }
}

extension String: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) {
        var copy = self
        copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                _ = sqlite3_bind_text(statement, index, text.baseAddress, Int32(clamping: text.count), transient)
            }
        }
    }
}

extension [UInt8]: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) {
        guard !isEmpty else {
            _ = sqlite3_bind_zeroblob(statement, index, 0)
            return
        }
        withUnsafeBytes { bytes in
            _ = sqlite3_bind_blob64(statement, index, bytes.baseAddress, UInt64(bytes.count), transient)
        }
    }
}

extension Optional: Bindable where Wrapped: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) {
        if let self { self.bind(to: statement, at: index) } else { sqlite3_bind_null(statement, index) }
    }
}

/// Tells SQLite to copy what is bound.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// A statement of GRDB's cache, bound and stepped without its boxes: the message path runs several a message.
struct Query {
    private let statement: OpaquePointer
    private let sql: String

    fileprivate init(_ database: Database, _ sql: String) throws {
        statement = try database.cachedStatement(sql: sql).sqliteStatement
        self.sql = sql
    }

    /// Runs it to the end.
    func run<each Value: Bindable>(_ values: repeat each Value) throws {
        try rows(repeat each values) { _ in }
    }

    /// Calls the body for each row.
    func rows<each Value: Bindable>(_ values: repeat each Value, body: (ResultRow) throws -> Void) throws {
        var index: Int32 = 0
        for value in repeat each values {
            index += 1
            value.bind(to: statement, at: index)
        }
        defer { sqlite3_reset(statement) }
        while true {
            let status = sqlite3_step(statement)
            if status == SQLITE_DONE { return }
            guard status == SQLITE_ROW else { throw failure(status) }
            try body(ResultRow(statement: statement))
        }
    }

    /// The first column of the first row.
    func int<each Value: Bindable>(_ values: repeat each Value) throws -> Int64? {
        var found: Int64?
        try rows(repeat each values) { row in found = found ?? row.optionalInt(0) }
        return found
    }

    private func failure(_ status: Int32) -> DatabaseError {
        let message = sqlite3_errmsg(sqlite3_db_handle(statement)).map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: status), message: message, sql: sql)
    }
}

/// The current row of a query; its columns by number, from 0.
struct ResultRow {
    fileprivate let statement: OpaquePointer

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    func optionalInt(_ column: Int32) -> Int64? {
        sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : int(column)
    }

    func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    func optionalText(_ column: Int32) -> String? {
        sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : text(column)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }
}

extension Database {
    /// A statement, prepared at its first use.
    func query(_ sql: String) throws -> Query { try Query(self, sql) }

    /// Rows changed by the last statement.
    var changes: Int { Int(sqlite3_changes(sqliteConnection)) }
    /// Rows changed since the connection was opened.
    var allChanges: Int { Int(sqlite3_total_changes(sqliteConnection)) }
}
#endif

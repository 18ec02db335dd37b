//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file outside the system under test, to which every process appends what it did: one `write` a line, so that lines
/// of several processes never mix and a killed process leaves no half line.
struct Ledger: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HarnessError("cannot open the ledger \(path): errno \(errno)") }
    }

    func append(_ entry: Entry) {
        let line = Array((entry.line + "\n").utf8)
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Reads a whole ledger; lines that are none are left out.
    static func read(path: String) throws -> [Entry] {
        guard let file = fopen(path, "r") else { throw HarnessError("cannot read the ledger \(path): errno \(errno)") }
        defer { fclose(file) }
        var entries: [Entry] = []
        var buffer: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(buffer) }
        while getline(&buffer, &capacity, file) > 0, let buffer {
            if let entry = Entry(line: String(cString: buffer)) { entries.append(entry) }
        }
        return entries
    }

    /// What one process did.
    enum Entry: Equatable {
        /// `delay` returned: from here on the system answers for the task.
        case sent(id: String, due: Timestamp, at: Timestamp)
        case started(id: String, process: Process, attempt: Int, at: Timestamp)
        case ended(id: String, process: Process, at: Timestamp)
    }

    /// Who ran a task: a pool's child has the worker as its parent.
    struct Process: Equatable, Hashable {
        var pid: Int32
        var parent: Int32
        static var current: Process { Process(pid: getpid(), parent: getppid()) }
    }
}

extension Ledger.Entry {
    fileprivate var line: String {
        switch self {
        case .sent(let id, let due, let at):
            "sent \(id) \(due.microseconds) \(at.microseconds)"
        case .started(let id, let process, let attempt, let at):
            "started \(id) \(process.pid) \(process.parent) \(attempt) \(at.microseconds)"
        case .ended(let id, let process, let at):
            "ended \(id) \(process.pid) \(process.parent) \(at.microseconds)"
        }
    }

    fileprivate init?(line: String) {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count >= 4 else { return nil }
        let id = String(words[1])
        let numbers = words.dropFirst(2).compactMap { Int64($0) }
        switch (words[0], numbers.count) {
        case ("sent", 2):
            self = .sent(id: id, due: Timestamp(microseconds: numbers[0]), at: Timestamp(microseconds: numbers[1]))
        case ("started", 4):
            let process = Ledger.Process(pid: Int32(numbers[0]), parent: Int32(numbers[1]))
            let at = Timestamp(microseconds: numbers[3])
            self = .started(id: id, process: process, attempt: Int(numbers[2]), at: at)
        case ("ended", 3):
            let process = Ledger.Process(pid: Int32(numbers[0]), parent: Int32(numbers[1]))
            self = .ended(id: id, process: process, at: Timestamp(microseconds: numbers[2]))
        default:
            return nil
        }
    }
}

extension Timestamp {
    /// Seconds from another moment to this one.
    func seconds(since other: Timestamp) -> Double { Double(microseconds - other.microseconds) / 1_000_000 }
    func advanced(bySeconds seconds: Double) -> Timestamp { advanced(by: .microseconds(Int64(seconds * 1_000_000))) }
}

/// The harness itself could not do its work; says nothing about the system under test.
struct HarnessError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

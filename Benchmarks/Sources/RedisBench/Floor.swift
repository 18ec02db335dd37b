//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

/// The commands of whole tasks, pipelined by a loop that does nothing else: what the server and a socket allow.
struct Floor {
    enum Part: CaseIterable {
        /// A worker's: fetched, filed, stored, released.
        case drainSilent, drain
        /// With each task's publication.
        case life
        case publish

        var hasResults: Bool { self == .drain || self == .life }
        var publishes: Bool { self == .publish || self == .life }
        var isConsumed: Bool { self != .publish }
    }

    let message: [UInt8]
    let result: [UInt8]
    let port: Int

    /// Tasks a second with so many in one write.
    func measure(_ part: Part, depth: Int, count: Int) throws -> Double {
        let connection = try BareConnection(port: port)
        _ = try connection.ask("FLUSHALL")
        if !part.publishes {
            let many = BareConnection.command(
                [Self.bytes("LPUSH"), Self.bytes("celery")] + Array(repeating: message, count: 128)
            )
            for _ in 0...count / 128 { try connection.exchange(many, replies: 1) }
        }
        let filled = (count / 128 + 1) * 128
        // Written beforehand, with keys that differ.
        let batches = (0..<max(1, 4096 / depth)).map { batch(part, depth: depth, number: $0) }
        let start = ContinuousClock.now
        for index in 0..<count / depth {
            let batch = batches[index % batches.count]
            try connection.exchange(batch.bytes, replies: batch.replies)
        }
        let time = seconds(ContinuousClock.now - start)
        let left = Int(try connection.ask("LLEN", "celery")) ?? -1
        guard left == (part == .publish ? count / depth * depth : part.publishes ? 0 : filled - count / depth * depth)
        else {
            throw BareConnection.Failure(what: "the floor did not do what it was to: \(left) are left")
        }
        return Double(count / depth * depth) / time
    }

    /// As ours sends them: one transaction for a batch; the publications are those of as many clients.
    private func batch(_ part: Part, depth: Int, number: Int) -> (bytes: [UInt8], replies: Int) {
        var bytes: [UInt8] = []
        var replies = 0
        func add(_ arguments: [[UInt8]]) {
            bytes += BareConnection.command(arguments)
            replies += 1
        }
        func add(_ words: String...) { add(words.map(Self.bytes)) }
        if part.publishes {
            for _ in 0..<depth { add([Self.bytes("LPUSH"), Self.bytes("celery"), message]) }
        }
        guard part.isConsumed else { return (bytes, replies) }
        let epoch = "_swift.epoch.3w5e11264sg0x"
        let fields = (0..<depth).map { Self.bytes("\(number * depth + $0).1") }
        add("MULTI")
        add("SET", epoch + ".fence", "\(number) 1")
        add([Self.bytes("HSET"), Self.bytes(epoch + ".held")] + fields.flatMap { [$0, [98] + message] })
        add("LTRIM", epoch + ".taken.1", "0", "\(-1 - depth)")
        if part.hasResults {
            for index in 0..<depth {
                let tail = String(number * depth + index)
                let key =
                    "celery-task-meta-00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - tail.count) + tail
                add([Self.bytes("SETEX"), Self.bytes(key), Self.bytes("86400"), result])
                add([Self.bytes("PUBLISH"), Self.bytes(key), result])
            }
        }
        add([Self.bytes("HDEL"), Self.bytes(epoch + ".held")] + fields)
        for _ in 0..<depth { add("LMOVE", "celery", epoch + ".taken.1", "RIGHT", "LEFT") }
        add("LLEN", "celery")
        add("EXEC")
        add("WATCH", epoch + ".fence")
        add("GET", epoch + ".fence")
        return (bytes, replies)
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}

extension RedisBench {
    /// With a message and a result of ours.
    mutating func floor() async throws {
        try server.clear()
        let connection = try BareConnection(port: server.port)
        let sent = try await tasks.noop.delay(1)
        let message = Array(try connection.ask("LINDEX", "celery", "0").utf8)
        let result =
            #"{"status": "SUCCESS", "result": 1, "traceback": null, "children": [], "#
            + #""date_done": "2026-11-25T12:00:00.000000+00:00", "task_id": "\#(sent.id)"}"#
        let floor = Floor(message: message, result: Array(result.utf8), port: server.port)
        let count = options.isQuick ? 16_384 : 32_768
        for part in Floor.Part.allCases {
            for depth in [16, 128] {
                floors[Place(part: part, depth: depth), default: []]
                    .append(try floor.measure(part, depth: depth, count: count))
            }
        }
        say("floor")
    }

    struct Place: Hashable {
        var part: Floor.Part
        var depth: Int
    }

    /// The floor beside what ours reaches.
    var floorTable: String {
        guard !floors.isEmpty else { return "" }
        let parts: [(String, Floor.Part, String)] = [
            ("a worker's part, results off", .drainSilent, "drain, tasks/s, results off"),
            ("a worker's part, results on", .drain, "drain, tasks/s, results on"),
            ("the whole life, results on", .life, ""),
            ("publish", .publish, "publish, 256 at a time, tasks/s (against Celery one by one)"),
        ]
        var lines = [
            "| the bare loop, tasks/s | depth 16 | depth 128 | ours `prefork` | ours `async` | share of depth 128 |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for (name, part, row) in parts {
            let bare = [16, 128].map { quantile(floors[Place(part: part, depth: $0)] ?? [], 0.5) ?? 0 }
            let ours = [System.prefork, .async].map { report.median(row, $0) }
            let share = ours[1].map { number($0 / bare[1] * 100, 0) + " %" } ?? ""
            let cells = [name] + bare.map { Report.text($0, 0) } + ours.map { $0.map { Report.text($0, 0) } ?? "" }
            lines.append("| " + (cells + [share]).joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }
}

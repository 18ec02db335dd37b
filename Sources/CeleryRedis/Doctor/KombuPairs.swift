//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// Looks for what is in only one of kombu's hash of messages and its index of when they were taken.
///
/// Both may be long, and Python workers change them meanwhile: they are read in pieces, so that nobody has to wait for long,
/// and what seems to be in one only counts when both say so at once.
struct KombuPairs {
    let examination: Examination

    private var keys: RedisKeys { examination.keys }

    /// Delivery tags of messages without a time, and of times without a message.
    func unpaired() async throws(TransportError) -> (undated: [String], empty: [String]) {
        var counts = RedisCommands()
        counts.add("HLEN", keys.unacked)
        counts.add("ZCARD", keys.unackedIndex)
        let sizes = try await examination.send(counts).map { $0.int ?? 0 }
        let empty = try await tags("ZSCAN", keys.unackedIndex, 500, missing: "HEXISTS", keys.unacked)
        var undated: Set<String> = []
        // Reading the hash means reading all messages: only where more are held than times have one. Equal sizes alone say
        // nothing, for one of each kind makes them equal too.
        if sizes[0] > sizes[1] - Int64(empty.count) {
            undated = try await tags("HSCAN", keys.unacked, 100, missing: "ZSCORE", keys.unackedIndex)
        }
        return (try await confirmed(undated, areHeld: true), try await confirmed(empty, areHeld: false))
    }

    /// Tags in one of both that the other, asked a moment later, does not have.
    private func tags(
        _ scan: StaticString,
        _ one: String,
        _ count: Int,
        missing question: StaticString,
        _ other: String
    ) async throws(TransportError) -> Set<String> {
        var cursor = "0"
        var missing: Set<String> = []
        repeat {
            var commands = RedisCommands()
            commands.add(scan, one, cursor, "COUNT", count)
            let answer = try await examination.send(commands)[0].elements
            cursor = answer.first?.string ?? "0"
            let tags = answer.last?.pairs.map(\.key) ?? []
            var questions = RedisCommands()
            for tag in tags { questions.add(question, other, tag) }
            let replies = try await examination.send(questions)
            missing.formUnion(zip(tags, replies).filter { $1 == .int(0) || $1.isNull }.map(\.0))
        } while cursor != "0"
        return missing
    }

    /// Those that are in only one of both at one moment.
    private func confirmed(_ tags: Set<String>, areHeld: Bool) async throws(TransportError) -> [String] {
        var left: [String] = []
        for part in tags.sorted().chunks(of: 500) {
            var commands = RedisCommands()
            commands.add("MULTI")
            for tag in part {
                commands.add("HEXISTS", keys.unacked, tag)
                commands.add("ZSCORE", keys.unackedIndex, tag)
            }
            commands.add("EXEC")
            let answers = try await examination.send(commands).last?.elements ?? []
            guard answers.count == 2 * part.count else { continue }
            for (place, tag) in part.enumerated() {
                let (isHeld, isDated) = (answers[2 * place].int == 1, !answers[2 * place + 1].isNull)
                if isHeld != isDated, isHeld == areHeld { left.append(tag) }
            }
        }
        return left
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// The dead letters of a database.
struct RedisDeadLetters: DeadLetterStore {
    let store: RedisStore

    private var keys: RedisKeys { store.keys }
    private static let page = 500
    private static let takenAtOnce = 100

    func list(_ selection: DeadLetterSelection, limit: Int) async throws(TransportError) -> [DeadLetter] {
        try await find(selection, limit: max(0, limit)).map { $0.record.letter($0.number) }
    }

    func replay(_ selection: DeadLetterSelection) async throws(TransportError) -> Int {
        try await take(selection) { record in
            StoredMessage.returned(record.bytes, limits: store.codec.limits, isSentAnew: true) {
                $0 = StoredMessage.Note()
            }
        }
    }

    func purge(_ selection: DeadLetterSelection) async throws(TransportError) -> Int {
        try await take(selection) { _ in nil }
    }

    /// Takes letters out, the oldest first, and puts what comes back for one on its list; one that another was faster to
    /// take is left alone.
    ///
    /// Page by page, for whole messages are read: an error in the middle says how many went before.
    private func take(
        _ selection: DeadLetterSelection,
        _ replayed: (DeadLetterRecord) -> [UInt8]?
    ) async throws(TransportError) -> Int {
        var index = RedisCommands()
        index.add("ZRANGE", keys.deadIndex, 0, -1)
        let numbers = try await store.client.send(index)[0].elements.compactMap(\.int)
        var taken = 0
        for start in stride(from: 0, to: numbers.count, by: Self.takenAtOnce) {
            let page = Array(numbers[start..<min(start + Self.takenAtOnce, numbers.count)])
            do throws(TransportError) {
                taken += try await take(page, selection, replayed)
            } catch {
                guard taken > 0 else { throw error }
                throw TransportError(
                    error.code,
                    "\(error.message); \(counted(taken, "dead letter")) went before",
                    cause: error.cause
                )
            }
        }
        return taken
    }

    private func take(
        _ numbers: [Int64],
        _ selection: DeadLetterSelection,
        _ replayed: (DeadLetterRecord) -> [UInt8]?
    ) async throws(TransportError) -> Int {
        var commands = RedisCommands()
        for (number, record) in try await records(numbers, selection) {
            let bytes = replayed(record)
            commands.add(
                "EVAL",
                RedisScripts.exhume,
                2,
                keys.dead,
                keys.deadIndex,
                number,
                bytes == nil ? "" : record.list,
                bytes ?? []
            )
        }
        guard !commands.isEmpty else { return 0 }
        return try await store.client.send(commands).reduce(0) { $0 + Int($1.int ?? 0) }
    }

    /// Those that are kept still, newest first.
    private func find(
        _ selection: DeadLetterSelection,
        limit: Int
    ) async throws(TransportError) -> [(number: Int64, record: DeadLetterRecord)] {
        var found: [(number: Int64, record: DeadLetterRecord)] = []
        var offset = 0
        while found.count < limit {
            var index = RedisCommands()
            index.add("ZREVRANGE", keys.deadIndex, offset, offset + Self.page - 1)
            let numbers = try await store.client.send(index)[0].elements.compactMap(\.int)
            guard !numbers.isEmpty else { break }
            offset += numbers.count
            found += try await records(numbers, selection)
        }
        return Array(found.prefix(limit))
    }

    /// Of these those that are kept still.
    private func records(
        _ numbers: [Int64],
        _ selection: DeadLetterSelection
    ) async throws(TransportError) -> [(number: Int64, record: DeadLetterRecord)] {
        let oldest = store.now - Int64(store.deadLetterRetention / .microseconds(1))
        var fetch = RedisCommands()
        fetch.add("HMGET", keys.dead, list: numbers)
        return zip(numbers, try await store.client.send(fetch)[0].elements)
            .compactMap { number, value in
                guard let record = value.bytes.flatMap({ DeadLetterRecord($0) }), record.diedAt > oldest,
                    selection.selects(number, record)
                else { return nil }
                return (number, record)
            }
    }
}

extension DeadLetterSelection {
    fileprivate func selects(_ number: Int64, _ record: DeadLetterRecord) -> Bool {
        if let ids, !ids.contains(String(number)), !(record.taskID.map { ids.contains($0) } ?? false) { return false }
        if let queue, queue != record.queue { return false }
        if let taskName, taskName != record.taskName { return false }
        return true
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import NIOCore

/// Whether everything that a Swift worker holds has somebody who will end it.
enum EpochChecks {
    /// A record may name any lease; longer ones are left to workers.
    private static let longestLease = Duration.seconds(60)

    /// Epochs whose lease has run out and that nobody has swept, and those whose record says nothing.
    static func orphans(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let entries = try await examination.ask("HGETALL", examination.keys.epochs).pairs
        let living = Set(try await examination.livingEpochs())
        var findings: [Finding] = []
        for (id, value) in entries {
            guard let record = value.bytes.flatMap({ EpochRecord($0) }) else {
                findings.append(try await unreadable(id, isAlive: living.contains(id), examination))
                continue
            }
            guard !living.contains(id) else { continue }
            findings.append(try await orphan(id, record, hasPeers: !living.isEmpty, examination))
        }
        return findings
    }

    private static func orphan(
        _ id: String,
        _ record: EpochRecord,
        hasPeers: Bool,
        _ examination: Examination
    ) async throws(TransportError) -> Finding {
        let keys = examination.keys.epoch(id)
        var commands = RedisCommands()
        commands.add("HLEN", keys.held)
        let taken = record.lists.indices.map { keys.taken(list: $0) }
        for key in try await withoutClosed(taken, examination) { commands.add("LLEN", key) }
        let count = try await examination.send(commands).reduce(0) { $0 + ($1.int ?? 0) }
        let finding = Finding(
            hasPeers ? .note : .warning,
            "orphaned-epoch",
            "worker \(record.name) is gone, and its epoch \(id) still holds \(counted(count, "message")) of "
                + record.queues.joined(separator: ", "),
            cure: hasPeers
                ? "nothing, if it is gone in 20 s: another worker gives it back; else doctor --repair"
                : "start a Swift worker, which gives it back within 20 s, or doctor --repair"
        )
        let lease = Duration.milliseconds(record.lease)
        guard lease <= longestLease else { return finding }
        return await examination.mend(finding) { () throws(TransportError) in
            try await outwait(lease, examination)
            await Sweep(store: examination.store, eventLoop: RedisLoops.next()).run(id)
            return try await examination.ask("HEXISTS", examination.keys.epochs, id).int == 0
        }
    }

    private static func unreadable(
        _ id: String,
        isAlive: Bool,
        _ examination: Examination
    ) async throws(TransportError) -> Finding {
        let keys = examination.keys.epoch(id)
        let remains = EpochRemains(examination: examination, keys: keys, names: try await names(of: keys, examination))
        let count = try await remains.count()
        let finding = Finding(
            isAlive ? .warning : .serious,
            "unreadable-epoch",
            "the record of epoch \(id) in \(examination.keys.epochs) cannot be read; the epoch holds "
                + "\(counted(count, "message"))" + (isAlive ? ", and its worker lives" : ", which nobody gives back"),
            cure: isAlive
                ? "restart that worker" : "doctor --repair gives back what it holds, by the messages' own addresses"
        )
        guard !isAlive else { return finding }
        return await examination.mend(finding) { () throws(TransportError) in
            try await outwait(.seconds(10), examination)
            return try await remains.giveBack()
        }
    }

    /// Keys of epochs that no record names.
    static func remains(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let start = examination.keys.leaseMarker.before
        var names: [String: [String]] = [:]
        for key in try await examination.scan(start) {
            names[String(key.dropFirst(start.count).prefix { $0 != "." }), default: []].append(key)
        }
        // Asked afterwards: an epoch's record is there as soon as its keys are.
        let named = Set(try await examination.ask("HKEYS", examination.keys.epochs).elements.compactMap(\.string))
        var findings: [Finding] = []
        for (id, all) in names.sorted(by: { $0.key < $1.key }) where !named.contains(id) {
            let keys = examination.keys.epoch(id)
            let names = try await withoutClosed(all, examination)
            guard !names.isEmpty else { continue }
            let remains = EpochRemains(examination: examination, keys: keys, names: names)
            guard try await remains.exists() else { continue }
            if let worker = try await examination.ask("GET", keys.lease).string {
                findings.append(
                    Finding(
                        .warning,
                        "unregistered-epoch",
                        "worker \(worker) lives, but \(examination.keys.epochs) does not name its epoch \(id): should it "
                            + "die, nobody gives back what it holds",
                        cure: "restart that worker"
                    )
                )
                continue
            }
            findings.append(try await unnamed(id, remains, examination))
        }
        return findings
    }

    private static func unnamed(
        _ id: String,
        _ remains: EpochRemains,
        _ examination: Examination
    ) async throws(TransportError) -> Finding {
        let count = try await remains.count()
        let finding = Finding(
            count > 0 ? .serious : .note,
            "unnamed-epoch",
            "\(remains.names.joined(separator: ", ")) belong to an epoch that \(examination.keys.epochs) does not name, and "
                + (count > 0 ? "hold \(counted(count, "message")) that nobody gives back" : "hold nothing"),
            cure: "doctor --repair "
                + (count > 0 ? "gives back what they hold, by the messages' own addresses" : "deletes them")
        )
        return await examination.mend(finding) { () throws(TransportError) in
            try await outwait(.seconds(10), examination)
            return try await remains.giveBack()
        }
    }

    private static func names(
        of keys: EpochKeys,
        _ examination: Examination
    ) async throws(TransportError) -> [String] {
        try await withoutClosed(try await examination.scan(keys.base + "."), examination)
    }

    /// The keys without those of places where nothing is to be put any more, which expire.
    private static func withoutClosed(
        _ names: [String],
        _ examination: Examination
    ) async throws(TransportError) -> [String] {
        guard !names.isEmpty else { return [] }
        var commands = RedisCommands()
        for name in names { commands.add("TYPE", name) }
        return zip(names, try await examination.send(commands))
            .filter { !$0.contains(".taken.") || $1.string != "string" }
            .map(\.0)
    }

    /// Waits until the server has been there for a whole lease, as workers do before they take one of them for dead: after a
    /// restart of the server no lease is in force, and their workers live.
    private static func outwait(_ lease: Duration, _ examination: Examination) async throws(TransportError) {
        let time = examination.store.time
        while true {
            let pause = Int64(lease / .milliseconds(2))
            let pulse = examination.keys.pulse(Int(lease / .milliseconds(1)))
            let answer = try await examination.ask("EVAL", RedisScripts.pulse, 1, pulse, pause)
            let left = lease - .microseconds(answer.int ?? 0)
            guard left >= .zero else { return }
            do {
                try await time.sleep(until: time.now.advanced(by: min(lease / 4, left + .milliseconds(10))))
            } catch {
                throw TransportError(.closed, "cancelled before a lease had passed")
            }
        }
    }
}
#endif

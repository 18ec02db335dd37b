//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// What Python workers hold: kombu's hash of messages, and its index of when they were taken.
enum KombuChecks {
    /// How many of a kind are looked at, or repaired, at a time.
    private static let limit = 500

    /// Messages that are in one of both only.
    static func unpaired(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let keys = examination.keys
        let (undated, empty) = try await KombuPairs(examination: examination).unpaired()
        var findings: [Finding] = []
        if let first = undated.first {
            let finding = Finding(
                .serious,
                "undated-unacked",
                "\(counted(undated.count, "message")) in \(keys.unacked) (\(first) for one) \(undated.count == 1 ? "has" : "have") "
                    + "no time in \(keys.unackedIndex): what a dead Python worker held so never comes back",
                cure:
                    "doctor --repair enters the present time: what is not acknowledged then comes back after visibility_timeout"
            )
            let now = "\(examination.store.time.now.unixSeconds)"
            findings.append(
                await examination.mend(finding) { () throws(TransportError) in
                    try await run(DoctorScripts.adopt, undated, [now], examination)
                }
            )
        }
        if let first = empty.first {
            let finding = Finding(
                .warning,
                "empty-unacked",
                "\(counted(empty.count, "entry").replacing("entrys", with: "entries")) of \(keys.unackedIndex) (\(first) for one) "
                    + "\(empty.count == 1 ? "names" : "name") no message in \(keys.unacked), and may keep others from coming back",
                cure: "doctor --repair drops them (ZREM \(keys.unackedIndex))"
            )
            findings.append(
                await examination.mend(finding) { () throws(TransportError) in
                    try await run(DoctorScripts.forget, empty, [], examination)
                }
            )
        }
        return findings
    }

    private static func run(
        _ script: String,
        _ tags: [String],
        _ arguments: [String],
        _ examination: Examination
    ) async throws(TransportError) -> Bool {
        let keys = examination.keys
        for start in stride(from: 0, to: tags.count, by: limit) {
            var commands = RedisCommands()
            let part = tags[start..<min(start + limit, tags.count)]
            commands.add("EVAL", script, 2, keys.unacked, keys.unackedIndex, list: arguments + part)
            _ = try await examination.send(commands)
        }
        return true
    }

    /// Messages that Python workers have held for longer than the visibility timeout.
    static func overdue(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let store = examination.store
        let count = try await countOverdue(examination)
        guard count > 0 else { return [] }
        let oldest = try await examination.ask("ZRANGE", store.keys.unackedIndex, 0, 0).elements.first?.string ?? ""
        let finding = Finding(
            .warning,
            "overdue-unacked",
            "\(counted(count, "message")) in \(store.keys.unacked) (\(oldest) for one) \(count == 1 ? "is" : "are") held by "
                + "Python workers for longer than visibility_timeout, \(store.visibilityTimeout.components.seconds) s",
            cure: "start a worker, which gives them back; or doctor --repair, after raising visibility_timeout in "
                + "broker_transport_options if tasks run for so long"
        )
        let mended = await examination.mend(finding) { () throws(TransportError) in
            var left = count
            while left > 0 {
                await KombuRestore(store: store).run()
                let now = try await countOverdue(examination)
                guard now < left else { return false }
                left = now
            }
            return true
        }
        return [mended]
    }

    private static func countOverdue(_ examination: Examination) async throws(TransportError) -> Int64 {
        let store = examination.store
        let latest = store.time.now.advanced(by: .zero - store.visibilityTimeout).unixSeconds
        return try await examination.ask("ZCOUNT", store.keys.unackedIndex, "-inf", "\(latest)").int ?? 0
    }

    /// Messages that Python workers hold for a time beyond the visibility timeout: they will run more than once.
    static func farETAs(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let (store, keys) = (examination.store, examination.keys)
        // What was taken first is what waits the longest; what is due in a month may have been taken just now.
        var ends = RedisCommands()
        ends.add("ZRANGE", keys.unackedIndex, 0, limit - 1)
        ends.add("ZREVRANGE", keys.unackedIndex, 0, limit - 1)
        let tags = Set(try await examination.send(ends).flatMap(\.elements).compactMap(\.string)).sorted()
        guard !tags.isEmpty else { return [] }
        var commands = RedisCommands()
        commands.add("HMGET", keys.unacked, list: tags)
        commands.add("ZMSCORE", keys.unackedIndex, list: tags)
        let answers = try await examination.send(commands)
        var far = 0
        var longest = Duration.zero
        for (held, taken) in zip(answers[0].elements, answers[1].elements) {
            guard let seconds = taken.string.flatMap({ Double($0) }),
                let eta = held.bytes.flatMap({ Self.eta(of: $0, limits: store.codec.limits) })
            else { continue }
            let wait = eta.since(Timestamp(unixSeconds: seconds))
            guard wait > store.visibilityTimeout else { continue }
            far += 1
            longest = max(longest, wait)
        }
        guard far > 0 else { return [] }
        return [
            Finding(
                .warning,
                "far-eta",
                "\(counted(far, "task")) held by Python workers (of \(tags.count) looked at in \(keys.unacked)) "
                    + "\(far == 1 ? "is" : "are") due up to \(longest.components.seconds) s after being taken, and "
                    + "visibility_timeout is \(store.visibilityTimeout.components.seconds) s: they may run more than once",
                cure:
                    "raise visibility_timeout in broker_transport_options above the longest ETA, for every worker, Python's "
                    + "and ours; or serve these queues with Swift workers only"
            )
        ]
    }

    private static func eta(of held: [UInt8], limits: WireLimits) -> Timestamp? {
        guard case .array(let parts)? = try? JSONSerializer().decodeValue(held, limits: limits),
            case .object(let envelope)? = parts.first, case .object(let headers)? = envelope["headers"],
            case .string(let eta)? = headers["eta"]
        else { return nil }
        return Timestamp(iso8601: eta)
    }
}
#endif

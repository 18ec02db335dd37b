//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// Whether everything that waits for its time, or for a Swift worker, will be taken out again.
enum ParkedChecks {
    /// Parked messages of queues that workers do not know to have any.
    static func forgotten(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let keys = examination.keys
        let known = Set(try await examination.ask("SMEMBERS", keys.parkedQueues).elements.compactMap(\.string))
        var findings: [Finding] = []
        for key in try await examination.scan(keys.parkedPrefix, type: "zset") {
            let queue = String(key.dropFirst(keys.parkedPrefix.count))
            guard !known.contains(queue), let count = try await examination.ask("ZCARD", key).int, count > 0 else {
                continue
            }
            let finding = Finding(
                .serious,
                "forgotten-parked",
                "\(counted(count, "delayed message")) in \(key) will not be handed out: \(keys.parkedQueues) does not name "
                    + "the queue \(queue)",
                cure: "doctor --repair names it (SADD \(keys.parkedQueues) \(queue))"
            )
            findings.append(
                await examination.mend(finding) { () throws(TransportError) in
                    _ = try await examination.ask("SADD", keys.parkedQueues, queue)
                    return true
                }
            )
        }
        return findings
    }

    /// What only a Swift worker can hand out, while there is none.
    static func unattended(_ examination: Examination) async throws(TransportError) -> [Finding] {
        guard try await examination.livingEpochs().isEmpty else { return [] }
        let keys = examination.keys
        var commands = RedisCommands()
        for queue in try await examination.ask("SMEMBERS", keys.parkedQueues).elements.compactMap(\.string) {
            commands.add("ZCARD", keys.parked(queue))
        }
        let parked = try await examination.send(commands).reduce(0) { $0 + ($1.int ?? 0) }
        var findings: [Finding] = []
        if parked > 0 {
            let finding = Finding(
                .warning,
                "unattended-parked",
                "\(counted(parked, "delayed message")) (queues in \(keys.parkedQueues)) and no Swift worker to hand them out",
                cure:
                    "start a Swift worker, or doctor --repair: it puts them on their queues, where Python workers hold "
                    + "them until they are due"
            )
            findings.append(
                await examination.mend(finding) { () throws(TransportError) in try await unpark(examination) }
            )
        }
        if let count = try await examination.ask("LLEN", keys.obituaries).int, count > 0 {
            findings.append(
                Finding(
                    .warning,
                    "unattended-obituaries",
                    "\(counted(count, "task")) ended with a worker, and nobody has stored the FAILURE yet (\(keys.obituaries))",
                    cure: "start a Swift worker"
                )
            )
        }
        return findings
    }

    private static func unpark(_ examination: Examination) async throws(TransportError) -> Bool {
        let (keys, marker) = (examination.keys, examination.keys.leaseMarker)
        while true {
            let moved = try await examination.ask(
                "EVAL",
                RedisScripts.unpark,
                2,
                keys.epochs,
                keys.parkedQueues,
                marker.before,
                marker.after,
                keys.parkedPrefix,
                500
            )
            if moved.int == 0 { return try await examination.ask("SCARD", keys.parkedQueues).int == 0 }
        }
    }
}
#endif

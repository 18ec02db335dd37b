//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// What is left when the server dies.
enum PersistenceChecks {
    /// What it is set up to write.
    struct Setup: Sendable {
        var appends: Bool
        /// `always`, `everysec`, `no`; nil when it does not tell.
        var sync: String?
        /// When it writes snapshots; empty for never, nil when it does not tell.
        var save: String?
    }

    static func run(_ examination: Examination) async throws(TransportError) -> [Finding] {
        guard let appends = examination.facts.number("aof_enabled") else { return [] }
        var setup = Setup(appends: appends == 1)
        var commands = RedisCommands()
        commands.add("CONFIG", "GET", "appendfsync")
        commands.add("CONFIG", "GET", "save")
        let replies = try await examination.sendRaw(commands)
        setup.sync = replies[0].pairs.first?.value.string
        setup.save = replies[1].pairs.first?.value.string
        var findings = findings(setup)
        if let refusal = replies[0].error {
            findings.append(
                Finding(
                    .note,
                    "not-permitted",
                    "appendfsync and save cannot be read: \(refusal.message)",
                    cure: "look into redis.conf or the provider's settings: appendfsync always loses nothing"
                )
            )
        }
        return findings
    }

    static func findings(_ setup: Setup) -> [Finding] {
        let cure = "CONFIG SET appendonly yes and appendfsync always, and the same in redis.conf"
        guard setup.appends else {
            let rest =
                switch setup.save {
                case ""?: "and there are no snapshots: all tasks are lost when the server ends"
                case let save?: "what came after the last snapshot (save \(save)) is lost when the server dies"
                case nil: "at best there are snapshots, and what came after the last is lost when the server dies"
                }
            return [Finding(.warning, "persistence", "appendonly is no, \(rest)", cure: cure)]
        }
        switch setup.sync {
        case "no":
            return [
                Finding(
                    .warning,
                    "persistence",
                    "appendfsync is no: what the system has not written yet is lost with it",
                    cure: "CONFIG SET appendfsync always, and the same in redis.conf"
                )
            ]
        case "everysec":
            return [
                Finding(
                    .note,
                    "persistence",
                    "appendfsync is everysec: the last second is lost with the machine",
                    cure: "nothing, or CONFIG SET appendfsync always if that second matters"
                )
            ]
        default: return []
        }
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// What is to be known of a server without looking at its data.
enum ServerChecks {
    static func all(_ facts: ServerFacts) -> [Finding] { [version, mode, role, memory, disk].flatMap { $0(facts) } }

    static func version(_ facts: ServerFacts) -> [Finding] {
        if let version = facts.version, version.lexicographicallyPrecedes([6, 2]) {
            return [
                Finding(
                    .serious,
                    "old-server",
                    "the server is Redis \(facts["redis_version"] ?? ""); LMOVE came with 6.2",
                    cure: "update Redis to 6.2 or later"
                )
            ]
        }
        guard let name = facts.otherName else { return [] }
        return [
            Finding(
                .note,
                "other-server",
                "the server is \(name), as Redis \(facts["redis_version"] ?? "of no version"): not tried by us",
                cure: "nothing, if its tests of MULTI, WATCH and EVAL are those of Redis"
            )
        ]
    }

    static func mode(_ facts: ServerFacts) -> [Finding] {
        switch facts["redis_mode"] {
        case "cluster":
            [
                Finding(
                    .serious,
                    "cluster",
                    "the server is part of a cluster, whose commands cannot span the keys that queues need",
                    cure: "name a server without cluster mode in broker_url, or sentinels"
                )
            ]
        case "sentinel":
            [
                Finding(
                    .serious,
                    "sentinel",
                    "the server is a sentinel and keeps no queues",
                    cure: "write sentinel:// in broker_url, and master_name in broker_transport_options"
                )
            ]
        default: []
        }
    }

    static func role(_ facts: ServerFacts) -> [Finding] {
        guard facts.isReplica else { return [] }
        let master = "\(facts["master_host"] ?? "?"):\(facts["master_port"] ?? "?")"
        return [
            Finding(
                .serious,
                "replica",
                "the server is a replica of \(master) (its link is \(facts["master_link_status"] ?? "unknown")): "
                    + "nothing can be written, and nothing was repaired",
                cure: "name the master in broker_url, or the sentinels that know it"
            )
        ]
    }

    static func memory(_ facts: ServerFacts) -> [Finding] {
        var findings: [Finding] = []
        let limit = facts.number("maxmemory") ?? 0
        if let policy = facts["maxmemory_policy"], policy != "noeviction" {
            findings.append(
                Finding(
                    limit > 0 ? .serious : .warning,
                    "eviction",
                    "maxmemory-policy is \(policy) and maxmemory is \(limit > 0 ? "\(limit)" : "not set"): "
                        + "\(limit > 0 ? "at" : "once there is") a limit Redis deletes queues and leases",
                    cure: "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf"
                )
            )
        }
        if let used = facts.number("used_memory"), limit > 0, used >= limit / 10 * 9 {
            findings.append(
                Finding(
                    used >= limit ? .serious : .warning,
                    "memory",
                    "used_memory is \(used) of maxmemory \(limit) bytes: past it nothing can be sent",
                    cure: "raise maxmemory, let workers catch up, or let results expire sooner (result_expires)"
                )
            )
        }
        return findings
    }

    /// Whether it can write to its disk.
    static func disk(_ facts: ServerFacts) -> [Finding] {
        ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"]
            .filter { facts[$0] == "err" }
            .map { name in
                Finding(
                    .serious,
                    "disk",
                    "\(name) is err: Redis cannot write to its disk, and may refuse all changes",
                    cure: "make room, or give it back its folder; its log says more"
                )
            }
    }
}
#endif

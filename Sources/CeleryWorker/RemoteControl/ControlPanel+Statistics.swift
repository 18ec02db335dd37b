//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension ControlPanel {
    func stats() async throws -> CeleryValue {
        let totals = pipeline.state.withLock { $0.totals }
        var total = CeleryObject()
        for (name, count) in totals.sorted(by: { $0.key < $1.key }) { total[name] = .int(count) }
        var object: CeleryObject = [
            "total": .object(total), "pid": .int(Int(getpid())), "clock": .string("\(app.clock.value)"),
            "uptime": .int(Int((.now - pipeline.startedAt).inSeconds)), "pool": .object(pool(totals)),
            "broker": .object(try broker()), "prefetch_count": .int(pipeline.prefetch), "rusage": .object(Self.usage()),
        ]
        if let autoscaler = pipeline.autoscaler.withLock({ $0 }) {
            object["autoscaler"] = [
                "max": .int(autoscaler.max), "min": .int(autoscaler.min), "current": .int(pipeline.pool.slots),
                "qty": .int(pipeline.state.withLock { $0.held }),
            ]
        }
        return .object(object)
    }

    /// The pool's own, and what Flower shows of Python's.
    private func pool(_ totals: [String: Int]) -> CeleryObject {
        var object = pipeline.pool.info
        let slots = pipeline.pool.slots
        let limits = [app.settings.taskSoftTimeLimit, app.settings.taskTimeLimit]
        object["timeouts"] = .array(limits.map { $0.map { .double($0.inSeconds) } ?? 0 })
        guard pipeline.pool.name == "prefork" else { return object }
        let count = totals.values.reduce(0, +)
        let hundredths = count * 100 / max(1, slots)
        let average = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
        let active = pipeline.state.withLock { $0.running.values.count { $0.pid != 0 } }
        object["put-guarded-by-semaphore"] = false
        object["writes"] = [
            "total": .int(count), "avg": .string(average), "all": "N/A", "raw": "N/A", "strategy": "fair",
            "inqueues": ["total": .int(slots), "active": .int(active)],
        ]
        return object
    }

    /// As kombu describes a connection; no password.
    private func broker() throws -> CeleryObject {
        let url = try app.brokerURL()
        let settings = app.settings
        var object = CeleryObject()
        object["hostname"] = url.host.map { .string($0) } ?? .null
        object["userid"] = url.user.map { .string($0) } ?? .null
        let path = url.path.drop { $0 == "/" }
        object["virtual_host"] = .string(path.isEmpty ? (url.scheme.hasPrefix("redis") ? "0" : "/") : String(path))
        object["port"] = url.port.map { .int($0) } ?? (url.scheme.hasPrefix("redis") ? 6379 : .null)
        object["insist"] = false
        object["ssl"] = .bool(url.scheme == "rediss")
        object["transport"] = .string(url.scheme == "rediss" ? "redis" : url.scheme)
        let described = settings.describe(withDefaults: true)
        object["connect_timeout"] = described["broker_connection_timeout"] ?? .null
        object["transport_options"] = described["broker_transport_options"] ?? [:]
        for name in ["login_method", "uri_prefix"] { object[name] = .null }
        object["heartbeat"] = .double(settings.brokerHeartbeat?.inSeconds ?? 0)
        object["failover_strategy"] = "round-robin"
        object["alternates"] = .array([])
        object["credential_provider"] = .null
        return object
    }

    private static func usage() -> CeleryObject {
        var values = [Int64](repeating: 0, count: 16)
        celery_usage(&values)
        let names = [
            "utime", "stime", "maxrss", "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap", "inblock", "oublock",
            "msgsnd", "msgrcv", "nsignals", "nvcsw", "nivcsw",
        ]
        var usage = CeleryObject()
        for (name, value) in zip(names, values) {
            usage[name] = name.hasSuffix("time") ? .double(Double(value) / 1e6) : .int(Int(value))
        }
        return usage
    }

    /// The memory that is used now, `59.7MB`; null where the system does not tell.
    func memorySample() -> CeleryValue {
        guard let file = fopen("/proc/self/statm", "r") else { return .null }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return .null }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return .null }
        let bytes = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
        return .string("\((bytes / 1024 / 1024 * 100).rounded() / 100)MB")
    }
}

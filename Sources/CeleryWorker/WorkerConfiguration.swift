//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
package import CeleryKit
import CeleryWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a worker does, decided: the options where they say something, the settings elsewhere.
package struct WorkerConfiguration: Sendable {
    /// Node name.
    package var hostname: String
    package var topology: Topology
    /// Names of the queues to consume, in order.
    package var queues: [String]
    package var poolName: String
    package var concurrency: Int
    package var prefetchMultiplier: Int
    /// Nil too where the pool cannot grow.
    package var autoscale: (max: Int, min: Int)?
    /// Whether autoscale was asked of a pool that cannot grow.
    package var ignoresAutoscale: Bool
    package var autoscaleKeepalive: Duration?
    package var maxTasksPerChild: Int?
    package var maxMemoryPerChild: Int?
    package var purge: Bool
    /// File of revoked ids; nil for none.
    package var stateDB: String?
    /// Whether task events are sent from the start.
    package var taskEvents: Bool
    /// Between two events that say that the worker is there; nil for none.
    package var heartbeat: Duration?
    /// Whether it asks its neighbours at its start.
    package var mingles: Bool
    /// Whether it listens to control commands.
    package var hasRemoteControl: Bool

    /// - Throws: ``CeleryError`` `.misconfigured` that names the option and what it may be.
    package init(app: CeleryApp, options: WorkerOptions) throws {
        let settings = app.settings
        hostname = NodeName.expand(options.hostname ?? "celery@%h")
        poolName = Self.canonicalPoolName(options.pool ?? settings.workerPool)
        guard ["prefork", "threads", "async", "solo"].contains(poolName) else {
            throw CeleryError(
                .misconfigured,
                "there is no pool \"\(options.pool ?? settings.workerPool)\"; "
                    + "there are: prefork, threads, async (gevent, eventlet), solo"
            )
        }
        autoscale = Self.isResizable(poolName) ? options.autoscale : nil
        ignoresAutoscale = !Self.isResizable(poolName) && options.autoscale != nil
        autoscaleKeepalive = options.autoscaleKeepalive
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let wanted = options.concurrency ?? settings.workerConcurrency ?? (poolName == "async" ? 100 : cores)
        guard wanted > 0 else {
            throw CeleryError(.misconfigured, "the concurrency must be at least 1, not \(wanted)")
        }
        concurrency =
            Self.isResizable(poolName)
            ? autoscale.map { Autoscaler(max: $0.max, min: $0.min).range.lowerBound } ?? wanted : 1
        prefetchMultiplier =
            settings.workerDisablePrefetch ? 1 : options.prefetchMultiplier ?? settings.workerPrefetchMultiplier
        maxTasksPerChild = options.maxTasksPerChild ?? settings.workerMaxTasksPerChild
        maxMemoryPerChild = options.maxMemoryPerChild ?? settings.workerMaxMemoryPerChild
        purge = options.purge
        stateDB = options.stateDB ?? settings.workerStateDB
        taskEvents = options.taskEvents ?? settings.workerSendTaskEvents
        try Self.check(eventSerializer: settings.eventSerializer, app.codec)
        heartbeat = options.withoutHeartbeat ? nil : options.heartbeatInterval ?? .seconds(2)
        mingles = !options.withoutMingle
        hasRemoteControl = !options.withoutRemoteControl && settings.workerEnableRemoteControl
        var selected = try Router(settings).queues(only: options.queues, excluding: options.excludeQueues)
        if settings.workerDirect { selected.append(.workerDirect(hostname)) }
        guard !selected.isEmpty else {
            throw CeleryError(.misconfigured, "no queue is left to consume: all of them are excluded")
        }
        topology = Topology(selected)
        queues = selected.map(\.name)
    }

    private static func check(eventSerializer name: String, _ codec: WireCodec) throws {
        guard !codec.serializers.contains(where: { $0.name == name }) else { return }
        let known = codec.serializers.map(\.name).joined(separator: ", ")
        throw CeleryError(.misconfigured, "event_serializer is \"\(name)\", which does not exist; there are: \(known)")
    }

    /// Deliveries held at most: multiplier × slots, or a large bound when the multiplier is zero.
    func prefetch(slots: Int) -> Int {
        prefetchMultiplier <= 0 ? 65535 : min(65535, prefetchMultiplier * slots)
    }

    /// The file of `--statedb`; nil when there is to be none, or the store keeps revoked ids itself.
    func stateFile(for transport: any Transport) -> StateFile? {
        guard let stateDB, transport.revocations?.survivesRestart != true else { return nil }
        return StateFile(path: stateDB)
    }

    /// Whether the pool of that name can grow and shrink, as its own capabilities say once it is made.
    static func isResizable(_ poolName: String) -> Bool { poolName != "solo" }

    static func canonicalPoolName(_ name: String) -> String {
        switch name {
        case "processes": "prefork"
        case "gevent", "eventlet": "async"
        default: name
        }
    }
}

/// Node names: `celery@host`, with Celery's placeholders.
package enum NodeName {
    /// Expands `%h` (host), `%n` (name before the @), `%d` (domain), `%%`.
    package static func expand(_ pattern: String, host: String = Host.name) -> String {
        let domain = host.split(separator: ".", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        let name = pattern.split(separator: "@").first.map(String.init) ?? "celery"
        var result = ""
        var iterator = pattern.makeIterator()
        while let character = iterator.next() {
            guard character == "%", let code = iterator.next() else {
                result.append(character)
                continue
            }
            switch code {
            case "h": result += host
            case "n": result += name.contains("%") ? "celery" : name
            case "d": result += domain
            case "%": result += "%"
            default: result += "%\(code)"
            }
        }
        return result.contains("@") ? result : "celery@\(result)"
    }
}

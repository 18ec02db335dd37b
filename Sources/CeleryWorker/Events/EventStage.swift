//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

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

/// Sends a worker's events: online and a heartbeat now and then, task events as they gather, offline at the end.
struct EventStage {
    private static let pauseWhileAway: Duration = .seconds(1)
    private let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    private var events: WorkerEvents { pipeline.events }

    /// Runs until cancelled.
    func run() async {
        guard pipeline.transport.broadcasts != nil else { return }
        await pipeline.fleetBell.wait()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await Mingle(pipeline).run() }
            group.addTask { await beat() }
            group.addTask { await flush() }
        }
    }

    /// The last that is heard of the worker, when everything else has ended.
    func end() async {
        guard pipeline.transport.broadcasts != nil, await events.flush(timeout: .seconds(1)) else { return }
        guard let heartbeat = events.heartbeat else { return }
        await events.send("worker-offline", status(every: heartbeat), timeout: .seconds(1))
    }

    private func flush() async {
        while !Task.isCancelled {
            if await events.flush() {
                await events.bell.wait()
            } else {
                try? await Task.sleep(for: Self.pauseWhileAway)
            }
        }
    }

    private func beat() async {
        guard let heartbeat = events.heartbeat else { return }
        while !Task.isCancelled {
            if await sendHeartbeat(every: heartbeat, evenAtFirst: false) {
                pipeline.app.middleware.heartbeatSent(pipeline.configuration.hostname)
            }
            try? await Task.sleep(for: heartbeat)
        }
    }

    /// Comes online, if the fleet does not know the worker, and otherwise beats; a command beats in any case.
    @discardableResult
    func sendHeartbeat(every interval: Duration, evenAtFirst: Bool) async -> Bool {
        switch await events.comeOnline(status) {
        case .untold: return false
        case .toldNow where !evenAtFirst: return true
        case .toldNow, .known: return await events.send("worker-heartbeat", status(every: interval))
        }
    }

    /// What a heartbeat says.
    func status(every interval: Duration) -> CeleryObject {
        let (active, processed) = pipeline.state.withLock { state in
            (state.running.values.count { $0.pid != 0 }, state.processed)
        }
        var load = [Double](repeating: 0, count: 3)
        getloadavg(&load, 3)
        return [
            "freq": .double(interval.inSeconds), "active": .int(active), "processed": .int(processed),
            "loadavg": .array(load.map { .double(($0 * 100).rounded() / 100) }),
            "sw_ident": .string(FleetIdentity.name),
            "sw_ver": .string(FleetIdentity.version), "sw_sys": .string(FleetIdentity.system),
        ]
    }
}

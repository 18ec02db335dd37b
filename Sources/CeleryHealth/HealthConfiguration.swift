//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryWorker

/// Where a worker's health is served, and what counts as dead.
public struct HealthConfiguration: Sendable, Hashable {
    /// An address of this machine or a name of it. Default `0.0.0.0`: all of its IPv4 addresses.
    public var host: String
    /// From 0 to 65535; 0 is any free one, which is logged.
    public var port: Int
    /// How long a worker may stand still before it counts as dead: threads that are blocked, a pool that begins nothing, a
    /// consumer that receives nothing. Default 30 s.
    public var timeout: Duration

    public init(host: String = "0.0.0.0", port: Int = 8080, timeout: Duration = .seconds(30)) {
        (self.host, self.port, self.timeout) = (host, port, timeout)
    }
}

extension HealthConfiguration {
    /// Whether the address can be used now.
    ///
    /// - Throws: ``CeleryError`` `.misconfigured` that says why not.
    package func check() async throws {
        let nothing = WorkerHealth.Probe([WorkerHealth.Check("worker", problem: "it is being started")])
        let health = WorkerHealth(startup: nothing, readiness: nothing, liveness: WorkerHealth.Probe([]))
        let pages = HealthPages(health: { health }, metrics: { "" })
        await (try HealthServer.bind(host: host, port: port, pages: pages)).close()
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import CeleryWorker
import Logging

#if Health
import CeleryHealth
#endif

extension WorkerRun {
    /// Serves the worker's health for as long as the body runs, if that is asked for.
    ///
    /// - Throws: ``CommandFailure`` where this program cannot; ``CeleryError`` when the address cannot be used.
    func serveHealth(
        of worker: Worker,
        _ context: CommandContext,
        _ logger: Logger,
        _ body: () async throws -> Void
    ) async throws {
        #if Health
        guard let configuration = healthConfiguration(context.app.settings) else { return try await body() }
        let service = HealthService(
            worker,
            configuration: configuration,
            metrics: HealthService.installedMetrics(),
            logger: logger
        )
        try await service.serving(body)
        #else
        try refuseHealth(context.app.settings)
        try await body()
        #endif
    }

    /// Finds out whether a worker in the background will be able to serve it.
    func checkHealth(_ context: CommandContext) async throws {
        #if Health
        try await healthConfiguration(context.app.settings)?.check()
        #else
        try refuseHealth(context.app.settings)
        #endif
    }

    private func port(_ settings: CelerySettings) -> Int? { command.health.healthPort ?? settings.workerHealthPort }

    #if Health
    private func healthConfiguration(_ settings: CelerySettings) -> HealthConfiguration? {
        guard let port = port(settings) else { return nil }
        return HealthConfiguration(
            host: command.health.healthHost ?? settings.workerHealthHost,
            port: port,
            timeout: command.health.healthTimeout.map { .bounded(seconds: $0) } ?? settings.workerHealthTimeout
        )
    }
    #else
    private func refuseHealth(_ settings: CelerySettings) throws(CommandFailure) {
        guard port(settings) == nil else {
            throw .usage("--health-port: health checks are left out of this program: they take the trait Health")
        }
    }
    #endif
}

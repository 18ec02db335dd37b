//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryKit
public import CeleryWorker
import CoreMetrics
public import Logging
public import ServiceLifecycle

/// Serves a worker's health over HTTP: `/livez`, `/readyz`, `/startupz` for orchestrators, `/metrics` for Prometheus.
///
/// ```swift
/// let worker = try Worker(app)
/// let health = HealthService(worker, logger: logger)
/// try await ServiceGroup(services: [health, worker], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
///
/// Before the worker in the list it answers until the worker has ended. It answers from a thread of its own, also while every
/// thread that Swift runs tasks on is blocked. A worker counts as live unless only a restart would help; a broker that is
/// away makes it not ready.
public struct HealthService: Service {
    private let worker: Worker
    private let configuration: HealthConfiguration
    private let logger: Logger
    private let pages: HealthPages

    /// To be made before the worker runs, which from then on watches itself.
    ///
    /// - Parameters:
    ///   - worker: Whose health it tells.
    ///   - configuration: Where it listens, and when it calls a worker dead.
    ///   - metrics: What `/metrics` shows besides the worker's own numbers. Hand it to `MetricsSystem.bootstrap` as well
    ///     and your own metrics are there too, except those of tasks in `prefork` children.
    ///   - logger: Told where it listens, and of what goes wrong.
    public init(
        _ worker: Worker,
        configuration: HealthConfiguration = HealthConfiguration(),
        metrics: PrometheusMetrics = HealthService.makeMetrics(),
        logger: Logger
    ) {
        (self.worker, self.configuration, self.logger) = (worker, configuration, logger)
        worker.observe(with: metrics)
        worker.beginWatching(timeout: configuration.timeout)
        pages = HealthPages(
            health: { worker.health },
            metrics: {
                let own = WorkerSeries.families(worker.observation)
                return PrometheusText.write(own + metrics.snapshot() + ProcessSeries.families())
            }
        )
    }

    /// Metrics with explanations of those that workers count.
    public static func makeMetrics() -> PrometheusMetrics {
        var configuration = PrometheusMetrics.Configuration()
        configuration.help = WorkerSeries.help
        return PrometheusMetrics(configuration)
    }

    /// What swift-metrics is told, if this is what it tells; else new ones, which it is made to tell if nobody has chosen what.
    package static func installedMetrics() -> PrometheusMetrics {
        let installed = MetricsSystem.factory
        if let own = installed as? PrometheusMetrics { return own }
        let metrics = makeMetrics()
        // The default is the sign that nobody has chosen: a second bootstrap would be fatal.
        if installed is NOOPMetricsHandler { MetricsSystem.bootstrap(metrics) }
        return metrics
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: `CeleryError` `.misconfigured` when the address cannot be used.
    public func run() async throws {
        // Both ends are the same here.
        try await serving { try? await gracefulShutdown() }
    }

    /// Serves for as long as the body runs.
    ///
    /// - Throws: ``CeleryError`` `.misconfigured`, before the body has begun, when the address cannot be used; what the body throws.
    package func serving<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await servingPort { _ in try await body() }
    }

    /// As ``serving(_:)``; the body is told the port.
    package func servingPort<Result>(_ body: (Int) async throws -> Result) async throws -> Result {
        let server = try await HealthServer.bind(host: configuration.host, port: configuration.port, pages: pages)
        logger.info("Health checks at \(HealthServer.url(configuration.host, server.port))")
        do {
            let result = try await body(server.port)
            await server.close()
            return result
        } catch {
            await server.close()
            throw error
        }
    }
}
#endif

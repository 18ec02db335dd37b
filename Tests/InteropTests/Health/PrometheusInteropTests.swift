//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import Celery
import CeleryWire
import CoreMetrics
import Foundation
import Logging
import ServiceTestSupport
import Synchronization
import Testing

/// A worker's `/metrics`, read by Prometheus's own client library.
@Suite(
    "Metrics as Prometheus reads them",
    .enabled(if: PythonVersion.available.contains(.current), "it takes CELERY_TEST_PYTHON (scripts/interop.sh)"),
    .timeLimit(.minutes(2))
)
struct PrometheusInteropTests {
    @Test(
        "Every family and sample comes through, also what a program calls its own in strange ways",
        arguments: RedisServer.isAvailable ? ["memory", "sqlite", "redis"] : ["memory", "sqlite"]
    )
    func page(_ broker: String) async throws {
        let nasty = "a \"quoted\" back\\slash,\nnew line {b=\"c\"} é \u{1F600}"
        let directory = try TemporaryDirectory("metrics")
        let app = try await Self.app(broker, directory)
        let task = app.task("metrics.add") { (x: Int, y: Int) in x + y }
        let isOver = Mutex(false)
        let hold = app.task("metrics.hold") { () -> Int in
            _ = try await eventually { isOver.withLock { $0 } }
            return 0
        }
        let worker = try Worker(app, pool: .async(concurrency: 4))
        let metrics = HealthService.makeMetrics()
        Counter(label: "own.requests", dimensions: [("path", nasty), ("le", "1")], factory: metrics).increment(by: 3)
        Timer(label: "own-time", dimensions: [("le", nasty)], factory: metrics).recordSeconds(2)
        Meter(label: "own.nan", factory: metrics).set(Double.nan)
        let service = HealthService(
            worker,
            configuration: HealthConfiguration(host: "127.0.0.1", port: 0),
            metrics: metrics,
            logger: app.logger
        )
        let text = try await service.servingText(worker) { port in
            defer { isOver.withLock { $0 = true } }
            for number in 0..<5 { _ = try await task.delay(number, 1).get(timeout: .seconds(60)) }
            // The worker holds four and takes no more: what is sent then stays in the queue.
            for _ in 0..<4 { _ = try await hold.delay() }
            _ = try await Self.page(port, with: "celery_worker_pool_busy 4")
            _ = try await task.delay(5, 1)
            return try await Self.page(port, with: #"celery_queue_messages{queue="celery",state="ready"} 1"#)
        }
        let families = try await parse(text)
        func value(_ name: String, _ labels: CeleryObject = [:]) -> CeleryValue? {
            families.compactMap { family -> CeleryValue? in
                guard case .object(let object) = family, case .array(let samples)? = object["samples"] else {
                    return nil
                }
                return
                    samples.compactMap { sample -> CeleryValue? in
                        guard case .array(let parts) = sample, parts.count == 3, parts[0] == .string(name),
                            case .object(let found) = parts[1], labels.members.allSatisfy({ found[$0.key] == $0.value })
                        else { return nil }
                        return parts[2]
                    }
                    .first
            }
            .first
        }
        #expect(value("celery_worker_tasks_total", ["task": "metrics.add", "state": "SUCCESS"]) == 5)
        #expect(value("celery_worker_task_runtime_seconds_count", ["task": "metrics.add"]) == 5)
        #expect(value("celery_worker_task_runtime_seconds_bucket", ["task": "metrics.add", "le": "+Inf"]) == 5)
        #expect(value("celery_worker_task_wait_seconds_count", ["queue": "celery"]) == 9)
        #expect(value("celery_worker_task_wait_seconds_bucket", ["queue": "celery", "le": "+Inf"]) == 9)
        #expect(value("celery_queue_messages", ["queue": "celery", "state": "ready"]) == 1)
        let age = value("celery_queue_oldest_message_age_seconds", ["queue": "celery"])?.number
        #expect(age.map { $0 > 0 && $0 < 120 } == true, "\(age ?? -1) s")
        #expect(value("celery_worker_pool_busy") == 4 && value("celery_worker_prefetched") == 4)
        #expect(value("celery_worker_pool_slots") == 4 && value("celery_worker_prefetch_limit") == 4)
        #expect(value("celery_worker_leases_total") == 1 && value("celery_worker_leases_lost_total") == 0)
        #expect(value("celery_worker_broker_recoveries_total") == 0)
        #expect(value("celery_worker_events_dropped_total") == 0)
        let lag = value("celery_worker_loop_lag_seconds")?.number
        #expect(lag.map { $0 >= 0 && $0 < 60 } == true, "\(lag ?? -1) s")
        let longest = value("celery_worker_longest_running_task_seconds")?.number
        #expect(longest.map { $0 > 0 && $0 < 120 } == true, "\(longest ?? -1) s")
        #expect(value("celery_worker_info", ["pool": "async"]) == 1)
        #expect(value("celery_worker_broker_up") == 1)
        #expect(value("own_requests_total", ["path": .string(nasty)]) == 3)
        #expect(value("own_time_seconds_bucket", ["exported_le": .string(nasty), "le": "1"]) == 0)
        #expect(value("own_time_seconds_sum", ["exported_le": .string(nasty)]) == 2)
        #expect(value("own_nan") == "nan")
        // Nothing is without a type, and all that is ours is explained.
        for family in families {
            guard case .object(let object) = family, case .string(let name)? = object["name"] else { continue }
            #expect(object["type"] != "unknown" && object["type"] != "untyped", "\(name)")
            #expect(name.hasPrefix("own") || object["help"] != "", "\(name)")
        }
        let lines = text.split(separator: "\n").count { !$0.hasPrefix("#") }
        let samples = families.reduce(0) { count, family in
            guard case .object(let object) = family, case .array(let samples)? = object["samples"] else { return count }
            return count + samples.count
        }
        #expect(samples == lines)
    }

    /// The page, once it has that line.
    private static func page(_ port: Int, with line: String) async throws -> String {
        try await waited(for: line, within: .seconds(60)) {
            let page = try HTTPProbe.request(port: port, "/metrics")
            #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            return page.body.contains("\(line)\n") ? page.body : nil
        }
    }

    private static func app(_ broker: String, _ directory: TemporaryDirectory) async throws -> CeleryApp {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var settings = CelerySettings()
        settings.workerPrefetchMultiplier = 1
        switch broker {
        case "redis":
            settings.brokerURL = try await RedisServer.shared.url()
            settings.brokerTransportOptions = ["global_keyprefix": .string(RedisServer.uniquePrefix())]
        case "sqlite": settings.brokerURL = "sqlite:///" + directory.path("broker.sqlite")
        default: settings.brokerURL = "memory://"
        }
        settings.resultBackend = settings.brokerURL
        settings.resultBackendTransportOptions = settings.brokerTransportOptions
        return CeleryApp("metrics", registry: .bundled, settings: settings, logger: logger)
    }

    /// What the library makes of a page.
    private func parse(_ text: String) async throws -> [CeleryValue] {
        let directory = try TemporaryDirectory("metrics")
        try directory.write(text, to: "page")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("python/prometheus_page.py").path
        let process = try GuardedProcess(
            try PythonVersion.current.interpreter(),
            [script, directory.path("page")],
            directory: directory.url,
            log: directory.url.appendingPathComponent("log")
        )
        let code = try await process.exitCode(within: .seconds(60))
        guard code == 0 else { throw ServiceError("the parser refuses the page: \(process.logText)\n\(text)") }
        guard
            case .array(let families) = try JSONSerializer()
                .decodeValue(Array(process.logText.utf8), limits: .standard)
        else { return [] }
        return families
    }
}

extension HealthService {
    /// Runs the worker and serves its health for as long as the body takes, which is handed the port.
    fileprivate func servingText(_ worker: Worker, _ body: (Int) async throws -> String) async throws -> String {
        try await servingPort { port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                defer { worker.shutdown(.warm) }
                return try await body(port)
            }
        }
    }
}
#endif

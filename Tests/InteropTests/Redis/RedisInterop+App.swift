//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Logging
import ServiceTestSupport

extension RedisInterop {
    /// A Swift app on the shared server, closed at the end.
    static func withApp<Result: Sendable>(
        queue: String,
        queues: [Queue] = [],
        configure: (inout CelerySettings) -> Void = { _ in },
        _ body: (CeleryApp) async throws -> Result
    ) async throws -> Result {
        let server = try await RedisServer.shared
        var settings = CelerySettings()
        settings.brokerURL = server.url()
        settings.resultBackend = server.url(database: resultDatabase)
        settings.acceptContent = ["json", "msgpack", "yaml"]
        // On few cores, with Python starting on all of them, a connection may take its time.
        settings.brokerTimeout = .seconds(30)
        settings.taskDefaultQueue = queue
        settings.taskQueues = [Queue(queue)] + queues
        configure(&settings)
        var logger = Logger(label: "interop")
        logger.logLevel = .critical
        let app = CeleryApp("interop", registry: .bundled, settings: settings, logger: logger)
        do {
            let result = try await body(app)
            await app.shutdown()
            return result
        } catch {
            await app.shutdown()
            throw error
        }
    }
}

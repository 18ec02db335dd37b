//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
package import CeleryKit

/// Makes the pool that a worker's configuration names.
package enum PoolFactory {
    static func pool(
        _ configuration: WorkerConfiguration,
        app: CeleryApp,
        transport: any Transport,
        backend: any ResultBackend
    ) throws -> any TaskPool {
        let runner: PoolRunner = { await TaskRunner(app: app).run($0, control: $1) }
        switch configuration.poolName {
        case "threads": return ThreadsPool(slots: configuration.concurrency, runner: runner)
        case "solo": return SoloPool(runner: runner)
        case "prefork":
            var prefork = PreforkConfiguration(slots: configuration.concurrency)
            prefork.maxTasksPerChild = configuration.maxTasksPerChild
            prefork.maxMemoryPerChild = configuration.maxMemoryPerChild
            prefork.aliveTimeout = app.settings.workerProcAliveTimeout
            prefork.willSpawn = { app.middleware.workerBeforeCreateProcess() }
            let services = PoolServices(transport: transport, backend: backend)
            return try PreforkPool(prefork, services: services, logger: app.logger)
        default: return AsyncPool(slots: configuration.concurrency, runner: runner)
        }
    }

    /// Turns this process into a child of the prefork pool when it was started as one; otherwise returns at once.
    ///
    /// To be called before anything else happens in `main`.
    package static func becomeChildIfAsked(_ app: CeleryApp) async {
        guard PreforkChild.isChild else { return }
        let runner = TaskRunner(app: app)
        await PreforkChild.run { request, control in
            await runner.run(request, control: control)
        } adopt: { services in
            app.adopt(transport: services.transport, backend: services.backend)
            app.middleware.workerProcessInit()
        } dismissed: { code in
            app.middleware.workerProcessShutdown(exitCode: code)
        }
    }
}

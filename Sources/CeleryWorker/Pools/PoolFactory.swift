//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit

/// Makes the pool that a worker's configuration names.
enum PoolFactory {
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
        default: return AsyncPool(slots: configuration.concurrency, runner: runner)
        }
    }
}

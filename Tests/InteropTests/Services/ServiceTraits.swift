//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ServiceTestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason, unless there are a Python interpreter with Celery and a Redis server.
    static var needsPythonAndRedis: Self {
        .enabled(
            if: !PythonVersion.available.isEmpty && RedisServer.isAvailable,
            "it takes CELERY_TEST_PYTHON (scripts/interop.sh) and redis-server (scripts/setup.sh)"
        )
    }

    /// The same for what is only tested with the current version of Celery.
    static var needsCurrentPythonAndRedis: Self {
        .enabled(
            if: PythonVersion.available.contains(.current) && RedisServer.isAvailable,
            "it takes CELERY_TEST_PYTHON (scripts/interop.sh) and redis-server (scripts/setup.sh)"
        )
    }

    /// Skips, with the reason, unless there is a Redis server.
    static var needsRedis: Self { .enabled(if: RedisServer.isAvailable, "redis-server is not on the PATH") }
}

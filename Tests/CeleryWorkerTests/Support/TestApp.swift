//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Logging

/// Apps on a memory store of their own.
enum TestApp {
    /// - Parameter log: Where it logs; nil drops all but the worst.
    static func make(
        log: LogRecorder? = nil,
        _ configure: (inout CelerySettings) -> Void = { _ in }
    ) -> CeleryApp {
        var registry = PluginRegistry()
        registry.registerMemory()
        var settings = CelerySettings()
        settings.brokerURL = "memory://"
        configure(&settings)
        var silent = Logger(label: "test")
        silent.logLevel = .critical
        return CeleryApp("test", registry: registry, settings: settings, logger: log?.logger() ?? silent)
    }
}

/// Waits until a condition holds, looking every few milliseconds, for at most a minute.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(5))  // looks again; never a wait for something to happen by itself
    }
    return try await condition()
}

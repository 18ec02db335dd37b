//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryKit
public import ServiceLifecycle

/// A client as a `Service`: its connections are closed when the group shuts down.
///
/// Name it before the services that send with it, and before its ``Worker``, since a group stops them in reverse order:
///
/// ```swift
/// try await ServiceGroup(services: [app, server], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
extension CeleryApp: Service {
    /// Runs until the group shuts down, or it is cancelled.
    public func run() async throws {
        // Throws only when it is cancelled, which ends it as well.
        try? await gracefulShutdown()
        await shutdown()
    }
}

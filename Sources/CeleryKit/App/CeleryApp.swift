//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
public import CeleryWire
public import Logging

/// An app: its name, settings and tasks, and its connections to broker and result backend.
public final class CeleryApp: Sendable {
    public let name: String

    public init(_ name: String, registry: PluginRegistry, settings: CelerySettings = CelerySettings()) {
        self.name = name
    }

    /// Replaces the connections, before first use: how a child process is given its parent's.
    package func adopt(transport: any Transport, backend: any ResultBackend) { fatalError("kit") }

    /// Whether this process is a pool's child. Set before the user's tasks run.
    package var isPoolChild: Bool { fatalError("kit") }
}

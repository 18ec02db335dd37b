//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
package import CeleryWire
public import Logging
import Synchronization

/// An app: its name, settings and tasks, and its connections to broker and result backend.
///
/// Connections are opened at first use and shared by the whole process.
public final class CeleryApp: Sendable {
    /// The app's name, shown in banner and reports.
    public let name: String
    /// Used by everything that the app does.
    public var logger: Logger { state.withLock { $0.logger } }
    package let registry: PluginRegistry
    let tasks = TaskRegistry()
    let workflows = WorkflowRegistry()
    let connections = Connections()
    let controlCommands = ControlCommands()
    let cameras = CameraRegistry()
    package let clock = LamportClock()
    private let state: Mutex<State>

    private struct State {
        var logger: Logger
        var configuration: AppConfiguration
        var codec: WireCodec
        var router: Router
        var middleware = MiddlewareStack()
        var isPoolChild = false
    }

    /// Creates an app with exactly these plug-ins and settings. `import Celery` has a shorter initializer.
    public init(
        _ name: String,
        registry: PluginRegistry,
        settings: CelerySettings = CelerySettings(),
        logger: Logger = Logger(label: "celery")
    ) {
        self.name = name
        self.registry = registry
        state = Mutex(
            State(
                logger: logger,
                configuration: AppConfiguration(settings),
                codec: Self.codec(settings, registry),
                router: Router(settings)
            )
        )
    }

    /// Of a group without members, until it is joined with something.
    static let nowhere = CeleryApp("nowhere", registry: PluginRegistry())

    /// The settings in force.
    public var settings: CelerySettings { configuration.settings }

    /// Names of the registered tasks, sorted.
    public var registeredTaskNames: [String] { tasks.names }

    /// Replaces the settings, for the command line. Connections that are open stay as they are.
    package func update(_ change: (inout CelerySettings) -> Void) {
        state.withLock { state in
            var settings = state.configuration.settings
            change(&settings)
            state.configuration = AppConfiguration(settings)
            state.codec = Self.codec(settings, registry)
            state.router = Router(settings)
        }
    }

    /// Replaces the logger, for the command line: one made before logging was set up keeps the handler of then.
    package func replaceLogger(_ logger: Logger) { state.withLock { $0.logger = logger } }

    /// Adds middleware; it is called in the order of adding.
    public func use(_ middleware: some CeleryMiddleware) { state.withLock { $0.middleware.append(middleware) } }

    package var configuration: AppConfiguration { state.withLock { $0.configuration } }
    package var codec: WireCodec { state.withLock { $0.codec } }
    package var middleware: MiddlewareStack { state.withLock { $0.middleware } }
    var router: Router { state.withLock { $0.router } }
    package var sender: Sender { Sender(app: self) }

    /// Whether this process is a pool's child. Set before the user's tasks run.
    package var isPoolChild: Bool { state.withLock { $0.isPoolChild } }

    /// Replaces the connections, before first use: how a child process is given its parent's.
    package func adopt(transport: any Transport, backend: any ResultBackend) {
        state.withLock { $0.isPoolChild = true }
        connections.adopt(transport: transport, backend: backend)
    }

    private static func codec(_ settings: CelerySettings, _ registry: PluginRegistry) -> WireCodec {
        var codec = WireCodec()
        codec.serializers += registry.serializers
        codec.compressions += registry.compressions
        codec.acceptContent = settings.acceptContent
        return codec
    }
}

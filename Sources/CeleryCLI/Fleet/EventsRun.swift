//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What `celery events` does: prints events, takes pictures, or shows the screen.
struct EventsRun {
    let command: EventsCommand

    init(_ command: EventsCommand) { self.command = command }

    private var service: ServiceProcess {
        ServiceProcess(command: "events", arguments: command.service, flags: "dj")
    }

    /// In names of files, where a worker has its own.
    private static let node = "events@\(Host.name)"

    func run() async throws {
        let context = try CommandContext.current
        try service.becomeUser()
        try await context.applySettings()
        let showsScreen = command.snapshots.camera == nil && !command.dump && !command.json
        if showsScreen { try FullScreen.require(context.environment) }
        let camera = try command.snapshots.camera.map { name in try Self.camera(name, context) }
        if command.service.detach { return try await service.detach(context, node: Self.node) }
        let logger = try log(context, showsScreen: showsScreen)
        let pidFile = try service.pidPath(node: Self.node)
            .map { path throws(CommandFailure) in try PIDFile(taking: path) }
        defer { pidFile?.release() }
        if let camera {
            try await CameraRun(app: context.app, camera: camera, arguments: command.snapshots, logger: logger)
                .run(isQuiet: context.globals.isQuiet)
        } else if showsScreen {
            try await EventsScreenRun(context: context).run()
        } else {
            try await print(context.app)
        }
    }

    private static func camera(_ name: String, _ context: CommandContext) throws(CommandFailure) -> any SnapshotCamera {
        if let camera = context.app.camera(named: name) { return camera }
        guard context.isOwnApp else {
            throw .usage(
                "--camera \(name): cameras belong to an app: celery -A NAME events --camera \(name)",
                help: "events"
            )
        }
        let names = context.app.cameraNames
        let known = names.isEmpty ? "the app has none (app.camera)" : "there are: \(names.joined(separator: ", "))"
        throw .usage("--camera \(name): there is no such camera; \(known)", help: "events")
    }

    /// On the screen is no room for a log.
    private func log(_ context: CommandContext, showsScreen: Bool) throws(CommandFailure) -> Logger {
        let path = service.logPath(node: Self.node) ?? (showsScreen ? "/dev/null" : nil)
        return try LogSetup.install(
            path: path,
            format: .text,
            level: command.loglevel.level,
            terminal: path == nil ? context.terminal(STDERR_FILENO) : Terminal(usesColour: false),
            process: "MainProcess",
            app: context.app
        )
    }

    private func print(_ app: CeleryApp) async throws {
        let events = try await app.events.receive()
        var dump = EventDump()
        let isTerminal = isatty(STDOUT_FILENO) == 1
        if !command.json { Terminal.say("-> evdump: starting capture...") }
        for try await event in events {
            let line = command.json ? event.value.settingJSON : dump.line(event)
            // Names and results are anybody's: to a terminal they give no commands.
            Terminal.say(isTerminal ? ScreenText.clean(line) : line)
        }
    }
}

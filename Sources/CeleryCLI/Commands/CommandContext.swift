//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import CeleryWorker

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a command works on; bound while it runs.
struct CommandContext: Sendable {
    var app: CeleryApp
    /// Whether the app is the user's own; without `-A` it is an empty one with a broker only.
    var isOwnApp: Bool
    var globals: GlobalsSummary
    var environment: [String: String]
    /// What was written, program first: to start again.
    var arguments: [String]
    /// Those between the program and the command.
    var globalArguments: [String] = []

    /// The global options that commands care for.
    struct GlobalsSummary: Sendable {
        var noColour: Bool
        var isQuiet: Bool
        var loader: SettingsLoader
    }

    @TaskLocal private static var bound: CommandContext?

    /// - Throws: ``CommandFailure`` when a command is run by other means than ``CeleryCommand``.
    static var current: CommandContext {
        get throws(CommandFailure) {
            guard let bound else { throw CommandFailure("run the command through CeleryCommand.main") }
            return bound
        }
    }

    func bind(_ body: () async throws -> Void) async rethrows {
        try await Self.$bound.withValue(self) { try await body() }
    }

    func terminal(_ descriptor: Int32) -> Terminal {
        Terminal.on(descriptor, noColour: globals.noColour, environment: environment)
    }

    /// Applies the settings of file, environment and command line to the app, and says what is odd about them.
    func applySettings(overrides: [(name: String, text: String)] = []) async throws {
        var loader = globals.loader
        loader.overrides = overrides
        var settings = app.settings
        let warnings = try await loader.load(into: &settings)
        let loaded = settings
        app.update { $0 = loaded }
        Self.export(overrides.map(\.name), of: loaded)
        // The children of a pool read the same settings: their parent has said it.
        guard !globals.isQuiet, !PreforkChild.isChild else { return }
        for warning in warnings { Terminal.complain("Warning: \(warning)") }
    }

    /// URLs that the command line sets win over the environment's, where connections and child processes look first.
    private static func export(_ names: [String], of settings: CelerySettings) {
        let urls = [
            ("broker_url", "CELERY_BROKER_URL", settings.brokerURL),
            ("result_backend", "CELERY_RESULT_BACKEND", settings.resultBackend),
        ]
        for (name, variable, url) in urls where names.contains(name) {
            if let url { setenv(variable, url, 1) } else { unsetenv(variable) }
        }
    }
}

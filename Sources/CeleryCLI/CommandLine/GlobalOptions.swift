//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser

/// The options before the command.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: [.customShort("A", allowingJoined: true), .long],
        help: ArgumentHelp("Executable product of the package here, or a program.", valueName: "name")
    )
    var app: String?

    @Option(
        name: [.customShort("b", allowingJoined: true), .long],
        help: ArgumentHelp("URL of the broker.", valueName: "url")
    )
    var broker: String?

    @Option(help: ArgumentHelp("URL of the result backend.", valueName: "url"))
    var resultBackend: String?

    @Option(help: ArgumentHelp("Read settings from a JSON or YAML file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Change to this directory first.", valueName: "dir"))
    var workdir: String?

    @Option(help: .hidden)
    var loader: String?

    @Flag(name: [.customShort("C"), .long], help: "No colours.")
    var noColor = false

    @Flag(name: [.customShort("q"), .long], help: "Less output.")
    var quiet = false

    @Flag(help: "With -A: run the product as it is built.")
    var noBuild = false

    @Flag(help: .hidden)
    var skipChecks = false

    /// What is taken for Celery's sake only, each with the reason.
    var withoutEffect: [String] {
        var lines: [String] = []
        if let loader {
            lines.append("--loader \(loader) has no effect: a program brings its settings itself, without a loader")
        }
        if skipChecks { lines.append("--skip-checks has no effect: there are no checks of Django here") }
        return lines
    }

    /// Fills what the command line leaves open from the environment, under Celery's names.
    mutating func fill(from environment: [String: String]) {
        func value(_ names: String...) -> String? {
            names.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        app = app ?? value("CELERY_APP", "APP")
        broker = broker ?? value("BROKER_URL")
        resultBackend = resultBackend ?? value("RESULT_BACKEND")
        config = config ?? value("CELERY_CONFIG")
        workdir = workdir ?? value("CELERY_WORKDIR")
        noColor = noColor || value("NO_COLOR", "CELERY_NO_COLOR") != nil
        quiet = quiet || value("CELERY_QUIET").map(OptionEnvironment.isOn) ?? false
        noBuild = noBuild || value("CELERY_NO_BUILD").map(OptionEnvironment.isOn) ?? false
    }
}

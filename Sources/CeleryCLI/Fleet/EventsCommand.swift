//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit
import CeleryWire

/// `celery events`: what happens in the fleet, as it happens.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Watch tasks and workers.",
        usage: "celery events [--dump | --json | --camera <name>] [<options>]",
        discussion: """
            Without options: a screen of the tasks, with keys to look at them, revoke them and \
            change rate limits. Workers send task events when they were started with -E, or after \
            'celery control enable_events'.
            """
    )

    @Flag(name: [.customShort("d"), .long], help: "Print each event.")
    var dump = false

    @Flag(name: [.customShort("j"), .long], help: "Print each as a JSON object on a line.")
    var json = false

    @OptionGroup(title: "Camera") var snapshots: CameraArguments
    @OptionGroup(title: "Service") var service: ServiceArguments

    @Option(
        name: [.customShort("l", allowingJoined: true), .long],
        help: ArgumentHelp("DEBUG, INFO, WARNING, ERROR, CRITICAL or FATAL.", valueName: "level"),
        completion: .list(LogLevel.allCases.map(\.rawValue)),
        transform: LogLevel.parse
    )
    var loglevel = LogLevel.warning

    mutating func validate() throws {
        if snapshots.camera != nil, dump || json {
            throw ValidationError("--camera takes pictures, --dump and --json print events: choose one")
        }
        guard !service.detach || snapshots.camera != nil else {
            throw ValidationError("--detach is for --camera: nobody would see what is printed")
        }
    }

    func run() async throws { try await EventsRun(self).run() }
}

/// What `--camera` takes.
struct CameraArguments: ParsableArguments {
    @Option(
        name: [.customShort("c", allowingJoined: true), .long],
        help: ArgumentHelp("Take pictures with a camera of the app.", valueName: "name")
    )
    var camera: String?

    @Option(
        name: [.customShort("F", allowingJoined: true), .customLong("frequency"), .customLong("freq")],
        help: ArgumentHelp("Between two pictures.", valueName: "s")
    )
    var frequency = 1.0

    @Option(
        name: [.customShort("r", allowingJoined: true), .long],
        help: ArgumentHelp("At most so many pictures: 10/m.", valueName: "rate")
    )
    var maxrate: String?

    mutating func validate() throws {
        guard frequency > 0, frequency < 1e9 else {
            throw ValidationError("--frequency is \(frequency); it has to be a number of seconds above 0")
        }
        if let maxrate, RateLimit(maxrate) == nil {
            throw ValidationError("--maxrate is '\(maxrate)'; it has to be a rate: 10/s, 10/m or 10/h")
        }
    }
}

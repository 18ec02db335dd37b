//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser

/// Options of Celery's worker that are accepted without effect, or refused with the way out.
struct LaterArguments: ParsableArguments {
    // Accepted: there is nothing that it could turn off.
    @Flag(help: .hidden) var withoutGossip = false

    // Refused.
    @Flag(name: [.customShort("B"), .long], help: .hidden) var beat = false
    @Option(
        name: [.customShort("s", allowingJoined: true), .customLong("schedule-filename"), .customLong("schedule")],
        help: .hidden
    )
    var scheduleFilename: String?
    @Option(help: .hidden) var scheduler: String?
    @Option(name: [.customShort("I", allowingJoined: true), .long], help: .hidden) var include: String?

    /// - Throws: `ValidationError` for an option that would have to do something.
    func refuse() throws {
        let refused: [(Bool, String)] = [
            (beat, "-B: beat comes with a later version"),
            (scheduleFilename != nil, "--schedule-filename: beat comes with a later version"),
            (scheduler != nil, "--scheduler: beat comes with a later version"),
            (include != nil, "-I: tasks are compiled in; a Swift program cannot import modules by name"),
        ]
        if let (_, reason) = refused.first(where: \.0) { throw ValidationError(reason) }
    }
}

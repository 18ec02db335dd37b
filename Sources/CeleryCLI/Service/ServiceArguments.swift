//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser

/// What commands have in common that may run in the background.
struct ServiceArguments: ParsableArguments {
    @Flag(name: [.customShort("D"), .long], help: "Run in the background, without a terminal.")
    var detach = false

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("Log to a file; %n name, %h host, %d domain, %p node.", valueName: "path")
    )
    var logfile: String?

    @Option(help: ArgumentHelp("Write the process id; one running process for a file.", valueName: "path"))
    var pidfile: String?

    @Option(help: ArgumentHelp("Run as this user; needs root.", valueName: "name or number"))
    var uid: String?

    @Option(help: ArgumentHelp("Run with this group (default: the user's).", valueName: "name or number"))
    var gid: String?

    @Option(help: ArgumentHelp("File mode mask, octal after a 0: 027.", valueName: "mask"))
    var umask: String?

    @Option(help: ArgumentHelp("With --detach: start this program instead of this one.", valueName: "path"))
    var executable: String?
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit

/// `celery multi`: several workers on this machine, begun and ended together.
struct MultiCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "multi",
        abstract: "Start and stop several workers on this machine.",
        usage: "celery -A <name> multi <command> <nodes> [<options>] [-- <settings>]",
        discussion: """
            Commands:
              start              Start the nodes, each in the background.
              stop [-SIG]        Send them a signal; default: TERM.
              stopwait [-SIG]    The same, and wait for their end; also stop_verify.
              restart [-SIG]     Stop, wait, and start again.
              kill               End them at once with KILL.
              show               Print the command lines of start.
              get <node>         Print the command line of one of the nodes.
              names              Print the nodes' names.
              expand <template>  Print a text for each node: %n, %h, %d, %p.

            Nodes are names (web mail@host) or how many there are (3: celery1, celery2, celery3). \
            Options are the worker's: a short one has its value behind it, a long one behind =. Some \
            nodes have others: -c:1-3 10, -Q:web,mail a,b. Further ones:
              --pidfile=<path>        Default: \(MultiNode.pidDefault)
              --logfile=<path>        Default: \(MultiNode.logDefault)
              -n, --hostname=<host>   What stands behind the @.
              --prefix, --suffix, --range-prefix=<text>
              --cmd=<command>         Instead of worker --detach.
              --append=<words>        Behind everything else.
              --executable=<path>     Start this program instead of this one.
              --nosplash, --quiet, -q, --verbose, --no-color, --json

            For example: celery -A hello multi start 3 -l INFO -c:1 10 --pidfile=%n.pid \
            --logfile=%n.log
            """
    )

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("Command, nodes and options.", valueName: "words")
    )
    var words: [String] = []

    func run() async throws {
        guard words.first != "help", !words.prefix(while: { $0 != "--" }).contains("--help") else {
            return Terminal.say(CommandsOnly.helpMessage(for: MultiCommand.self))
        }
        var run = try MultiRun(words, try CommandContext.current)
        try await run.run()
    }
}

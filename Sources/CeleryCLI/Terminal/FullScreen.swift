//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A terminal whose whole screen belongs to a command for a while. However the process ends, the terminal is as it was before.
final class FullScreen {
    struct Size: Equatable, Sendable {
        var columns: Int
        var rows: Int
    }

    /// The other screen, no cursor, and nothing that is too long goes on in the next line.
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    private static let leave = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    private var frame = ScreenFrame()

    /// Takes the terminal.
    ///
    /// - Throws: ``CommandFailure`` with code 64 where there is none.
    init() throws(CommandFailure) { try resume() }

    deinit { celery_terminal_leave() }

    /// Takes it again, after ``suspend()`` or when others have used it.
    func resume() throws(CommandFailure) {
        let failure = celery_terminal_enter(STDIN_FILENO, STDOUT_FILENO, Self.enter, Self.leave)
        guard failure == 0 else {
            throw .usage("the terminal cannot be used: \(String(cString: strerror(failure)))", help: "events")
        }
        frame = ScreenFrame()
    }

    /// Gives it back for now.
    func suspend() { celery_terminal_leave() }

    var size: Size { Terminal.outputSize }

    /// Shows lines, writing only those that are others than before.
    func show(_ lines: [String], _ size: Size) {
        let update = frame.update(lines, size)
        if !update.isEmpty { Terminal.write(update, to: STDOUT_FILENO) }
    }

    /// Draws everything anew with the next lines.
    func forget() { frame = ScreenFrame() }

    func ring() { Terminal.write("\u{07}", to: STDOUT_FILENO) }

    /// - Throws: ``CommandFailure`` with code 64 when standard input or output is no terminal, or one that can only write.
    static func require(_ environment: [String: String]) throws(CommandFailure) {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            throw .usage("the screen of celery events needs a terminal; --dump prints events as lines", help: "events")
        }
        guard !["", "dumb"].contains(environment["TERM"] ?? "") else {
            let name = environment["TERM"].map { "TERM is '\($0)'" } ?? "TERM is not set"
            throw .usage(
                "the screen of celery events needs a terminal that can move its cursor (\(name)); "
                    + "--dump prints events as lines",
                help: "events"
            )
        }
    }
}

/// What stands on a screen, to write no more than what changes.
struct ScreenFrame {
    private var lines: [String] = []
    private var size: FullScreen.Size?

    /// What makes a terminal that shows the lines of before show these. Empty when they are the same.
    mutating func update(_ new: [String], _ size: FullScreen.Size) -> String {
        var text = ""
        if size != self.size {
            text = "\u{1B}[0m\u{1B}[2J"
            lines = []
        }
        for row in 0..<max(new.count, lines.count) {
            let line = row < new.count ? new[row] : ""
            if line != (row < lines.count ? lines[row] : "") { text += "\u{1B}[\(row + 1);1H\u{1B}[2K\(line)" }
        }
        (lines, self.size) = (new, size)
        return text
    }
}

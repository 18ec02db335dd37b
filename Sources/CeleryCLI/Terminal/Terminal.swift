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

/// The standard streams, and whether people look at them.
struct Terminal: Sendable {
    /// ANSI colours by their SGR number.
    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
        case blue = 34
        case magenta = 35
        case cyan = 36
    }

    var usesColour: Bool
    /// Whether people look at it. What is piped goes through as it is.
    var isTerminal = false

    /// Colours only where the stream is a terminal and nobody objects.
    static func on(_ descriptor: Int32, noColour: Bool, environment: [String: String]) -> Terminal {
        let isTerminal = isatty(descriptor) == 1
        return Terminal(
            usesColour: !noColour && isTerminal && environment["TERM"] != "dumb",
            isTerminal: isTerminal
        )
    }

    /// Whether people look at standard output.
    static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Columns of standard output where people look at it, else nil.
    static var outputColumns: Int? { isOutput ? outputSize.columns : nil }

    /// Of standard output: 80 columns and 24 rows where it does not say.
    static var outputSize: FullScreen.Size {
        var (columns, rows): (Int32, Int32) = (0, 0)
        guard celery_terminal_size(STDOUT_FILENO, &columns, &rows) == 0, columns > 0, rows > 0 else {
            return FullScreen.Size(columns: 80, rows: 24)
        }
        return FullScreen.Size(columns: Int(columns), rows: Int(rows))
    }

    /// Lines from anywhere, so that to a terminal they give no commands.
    func safe(_ lines: String) -> String { isTerminal ? ScreenText.cleanLines(lines) : lines }

    func paint(_ text: String, _ colour: Colour) -> String {
        usesColour ? "\u{1B}[1;\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Writes the whole text at once, so that lines of several processes do not mix. Errors are nobody's to hear.
    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                #if canImport(Glibc)
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                #elseif canImport(Musl)
                let count = Musl.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                #else
                let count = Darwin.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                #endif
                if count > 0 {
                    done += count
                } else if errno == EAGAIN {
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&wait, 1, 1000)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    static func say(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func complain(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

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

    /// Colours only where the stream is a terminal and nobody objects.
    static func on(_ descriptor: Int32, noColour: Bool, environment: [String: String]) -> Terminal {
        Terminal(usesColour: !noColour && isatty(descriptor) == 1 && environment["TERM"] != "dumb")
    }

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

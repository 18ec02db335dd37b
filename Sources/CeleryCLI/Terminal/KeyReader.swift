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

/// Reads the keys of a terminal on a thread of its own.
struct KeyReader: Sendable {
    /// How long the rest of a key may take to come, in milliseconds.
    private static let patience: Int32 = 50

    private let thread: NamedThread
    private let wake: (read: Int32, write: Int32)

    /// Starts to read.
    ///
    /// - Parameter onKeys: Called on that thread; with nil when the terminal is gone.
    /// - Throws: ``CommandFailure`` when the system has no pipe or thread left.
    init(_ descriptor: Int32, _ onKeys: @escaping @Sendable ([Key]?) -> Void) throws(CommandFailure) {
        var ends: [Int32] = [0, 0]
        let failure = celery_signal_pipe(&ends)
        guard failure == 0 else {
            throw CommandFailure("cannot read the terminal: \(String(cString: strerror(-failure)))")
        }
        let wake = (read: ends[0], write: ends[1])
        self.wake = wake
        thread = try NamedThread("celery-keys") { Self.read(descriptor, until: wake.read, onKeys) }
    }

    /// Stops reading, and waits for that; once.
    func stop() {
        Terminal.write("\n", to: wake.write)
        thread.join()
        close(wake.read)
        close(wake.write)
    }

    private static func read(_ descriptor: Int32, until wake: Int32, _ onKeys: ([Key]?) -> Void) {
        var decoder = KeyDecoder()
        var buffer = [UInt8](repeating: 0, count: 256)
        while true {
            var waits = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&waits, 2, decoder.isPending ? patience : -1)
            if waits[1].revents != 0 { return }
            if ready == 0 {
                onKeys(decoder.flush())
                continue
            }
            guard ready > 0 else {
                if errno == EINTR { continue }
                return onKeys(nil)
            }
            let count = bytes(descriptor, &buffer)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return onKeys(nil) }
            onKeys(decoder.take(buffer[..<count]))
        }
    }

    private static func bytes(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        #if canImport(Glibc)
        Glibc.read(descriptor, &buffer, buffer.count)
        #elseif canImport(Musl)
        Musl.read(descriptor, &buffer, buffer.count)
        #else
        Darwin.read(descriptor, &buffer, buffer.count)
        #endif
    }
}

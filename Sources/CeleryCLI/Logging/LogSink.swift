//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where lines go: standard error, or a file that may be rotated under us.
///
/// Each line is one `write` on a descriptor opened for appending, so lines of several processes never mix.
final class LogSink: Sendable {
    private struct State {
        var descriptor: Int32
        var identity: FileIdentity?
        var checkedAt: Timestamp
    }

    /// Tells a file from the one that took its name.
    private struct FileIdentity: Equatable {
        var device: UInt64
        var inode: UInt64

        init?(_ result: Int32, _ status: stat) {
            guard result == 0 else { return nil }
            device = UInt64(truncatingIfNeeded: status.st_dev)
            inode = UInt64(truncatingIfNeeded: status.st_ino)
        }
    }

    private let path: String?
    private let state: Mutex<State>

    /// - Parameter path: Nil is standard error.
    /// - Throws: ``CommandFailure`` when the file cannot be opened for appending.
    init(path: String?) throws(CommandFailure) {
        self.path = path
        var descriptor = STDERR_FILENO
        if let path {
            descriptor = Self.open(path)
            guard descriptor >= 0 else {
                throw CommandFailure("cannot write the log file \(path): \(Self.lastError)", code: .cantCreate)
            }
        }
        state = Mutex(State(descriptor: descriptor, identity: Self.identity(descriptor), checkedAt: .now))
    }

    deinit { state.withLock { if path != nil { close($0.descriptor) } } }

    func write(_ line: String, at time: Timestamp) {
        state.withLock { state in
            if let path, time.microseconds - state.checkedAt.microseconds > 1_000_000 {
                state.checkedAt = time
                Self.reopenIfMoved(path, &state)
            }
            Terminal.write(line, to: state.descriptor)
        }
    }

    private static func reopenIfMoved(_ path: String, _ state: inout State) {
        var status = stat()
        let now = FileIdentity(stat(path, &status), status)
        guard now == nil || now != state.identity else { return }
        let descriptor = open(path)
        guard descriptor >= 0 else { return }
        close(state.descriptor)
        state.descriptor = descriptor
        state.identity = identity(descriptor)
    }

    private static func identity(_ descriptor: Int32) -> FileIdentity? {
        var status = stat()
        return FileIdentity(fstat(descriptor, &status), status)
    }

    private static func open(_ path: String) -> Int32 {
        #if canImport(Glibc)
        Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        #elseif canImport(Musl)
        Musl.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        #else
        Darwin.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        #endif
    }

    static var lastError: String { String(cString: strerror(errno)) }
}

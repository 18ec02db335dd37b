//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A child process as its parent holds it.
final class ChildProcess {
    let pid: Int32
    /// Becomes readable at its end; -1 where the system has no such thing.
    let endDescriptor: Int32
    var data: FrameSocket
    var control: FrameSocket
    /// Requests being served.
    var outstanding = 0
    /// The start journal that it knows.
    var journal: StartJournal?

    /// Requests of one child that are served at once; more wait in its socket.
    static let requestLimit = 256

    private init(pid: Int32, data: FrameSocket, control: FrameSocket) {
        self.pid = pid
        self.data = data
        self.control = control
        endDescriptor = celery_process_descriptor(pid)
    }

    /// Starts it.
    static func spawn(_ image: ChildImage, frameLimit: Int) throws(SystemError) -> ChildProcess {
        let (data, control) = (try socketPair(), try socketPair())
        defer {
            _ = close(data.theirs)
            _ = close(control.theirs)
        }
        var pid: pid_t = 0
        let error = image.withCStrings { path, arguments, environment in
            celery_spawn_child(path, arguments, environment, data.theirs, control.theirs, &pid)
        }
        guard error == 0 else {
            _ = close(data.ours)
            _ = close(control.ours)
            throw SystemError(error)
        }
        return ChildProcess(
            pid: pid,
            data: FrameSocket(descriptor: data.ours, limit: frameLimit),
            control: FrameSocket(descriptor: control.ours, limit: frameLimit)
        )
    }

    /// Sends a signal to it and to what it started, unless that moved to other process groups.
    func signal(_ number: Int32) {
        if kill(-pid, number) != 0 { _ = kill(pid, number) }
    }

    /// How it ended; nil while it runs. It may be asked once after the end, which frees the process id.
    func reap() -> ProcessEnd? {
        var status: Int32 = 0
        switch celery_reap(pid, &status) {
        case 1: return status < 0 ? .signalled(-status) : .exited(status)
        case 0: return nil
        // Somebody else waited for it: how it ended is lost, that it ended is not.
        default: return .exited(-1)
        }
    }

    func closeDescriptors() {
        data.close()
        control.close()
        if endDescriptor >= 0 { _ = close(endDescriptor) }
    }

    private static func socketPair() throws(SystemError) -> (ours: Int32, theirs: Int32) {
        var pair: (Int32, Int32) = (-1, -1)
        let error = withUnsafeMutablePointer(to: &pair) { pair in
            pair.withMemoryRebound(to: Int32.self, capacity: 2) { celery_socket_pair($0) }
        }
        guard error == 0 else { throw SystemError(error) }
        return pair
    }
}

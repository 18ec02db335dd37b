//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file with the process id, for one running process at a time.
///
/// **Shape:** decimal digits and a line feed, as Celery's. It is held by a lock, and also respected without one while the
/// process that it names is alive: a Python worker does not lock.
final class PIDFile: Sendable {
    private let path: String
    /// Nil once it is released.
    private let descriptor: Mutex<Int32?>

    /// Takes the file, replacing one whose process is gone.
    ///
    /// - Throws: ``CommandFailure`` with code 73 when its process runs, or the file cannot be written.
    init(taking path: String) throws(CommandFailure) {
        self.path = path
        while true {
            let descriptor = try Self.open(path)
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let owner = Self.read(descriptor)
                close(descriptor)
                throw Self.alreadyRunning(path, owner)
            }
            // The former owner may have removed the name between our open and our lock.
            guard Self.isStill(descriptor, at: path) else {
                close(descriptor)
                continue
            }
            let owner = Self.read(descriptor)
            if let owner, owner != getpid(), kill(owner, 0) == 0 || errno == EPERM {
                close(descriptor)
                throw Self.alreadyRunning(path, owner)
            }
            if let owner, owner != getpid() {
                Terminal.complain("The PID file \(path) is stale (process \(owner) is gone): replaced.")
            }
            guard Self.write(getpid(), to: descriptor) else {
                let reason = LogSink.lastError
                close(descriptor)
                throw CommandFailure("cannot write the PID file \(path): \(reason)", code: .cantCreate)
            }
            self.descriptor = Mutex(descriptor)
            return
        }
    }

    /// Removes the file and gives up the lock; a second time does nothing.
    func release() {
        descriptor.withLock { held in
            guard let descriptor = held else { return }
            held = nil
            if Self.isStill(descriptor, at: path) { unlink(path) }
            close(descriptor)
        }
    }

    deinit { release() }

    /// Whose a PID file is.
    enum Holder: Equatable, Sendable {
        /// There is none, or nothing is in it.
        case none
        /// Its process is gone: nobody holds it, whoever may have that number now.
        case stale(pid_t)
        case running(pid_t)
    }

    /// Whose the file is, told by the lock that its owner holds until it ends, however it ends.
    static func holder(of path: String) -> Holder {
        guard let pid = processID(in: path) else { return .none }
        guard kill(pid, 0) == 0 || errno == EPERM, isLocked(path) else { return .stale(pid) }
        return .running(pid)
    }

    /// The process id in a file; nil when there is none.
    static func processID(in path: String) -> pid_t? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        return read(fileno(file))
    }

    private static func isLocked(_ path: String) -> Bool {
        guard let file = fopen(path, "re") else { return false }
        defer { fclose(file) }
        return flock(fileno(file), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private static func alreadyRunning(_ path: String, _ owner: pid_t?) -> CommandFailure {
        let who = owner.map { " (pid: \($0))" } ?? ""
        return CommandFailure(
            "the PID file \(path) already exists: it seems we are already running\(who)",
            code: .cantCreate
        )
    }

    private static func open(_ path: String) throws(CommandFailure) -> Int32 {
        #if canImport(Glibc)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        #elseif canImport(Musl)
        let descriptor = Musl.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        #else
        let descriptor = Darwin.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        #endif
        guard descriptor >= 0 else {
            throw CommandFailure("cannot write the PID file \(path): \(LogSink.lastError)", code: .cantCreate)
        }
        return descriptor
    }

    private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
        var ours = stat()
        var named = stat()
        guard fstat(descriptor, &ours) == 0, stat(path, &named) == 0 else { return false }
        return ours.st_ino == named.st_ino && ours.st_dev == named.st_dev
    }

    /// The process id in the file; nil when there is none.
    private static func read(_ descriptor: Int32) -> pid_t? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let digits = bytes[..<count].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let number = pid_t(String(decoding: digits, as: UTF8.self)), number > 0 else { return nil }
        return number
    }

    private static func write(_ pid: pid_t, to descriptor: Int32) -> Bool {
        let bytes = Array("\(pid)\n".utf8)
        return ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
            && fsync(descriptor) == 0
    }
}

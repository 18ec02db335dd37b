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

/// `--uid` and `--gid`: whose rights the process has. Found first, then taken on, for good.
///
/// Source: `maybe_drop_privileges` of `celery/platforms.py`.
struct Privileges: Equatable {
    /// Name for the groups of the user; nil when the number is nobody's.
    private(set) var name: String?
    /// Nil leaves the user as it is.
    private(set) var user: uid_t?
    /// Nil leaves the group as it is.
    private(set) var group: gid_t?

    /// Finds them: names or numbers. Without a group it is the user's own.
    ///
    /// - Parameter command: Whose help page errors point at.
    /// - Throws: ``CommandFailure`` with code 64 for one that does not exist.
    init(user: String?, group: String?, command: String) throws(CommandFailure) {
        if let user {
            guard let entry = Self.account(user) else {
                guard let number = uid_t(user), group != nil else {
                    let hint = uid_t(user) == nil ? "" : "; a number without an account needs --gid too"
                    throw .usage("--uid \(user): there is no such user\(hint)", help: command)
                }
                self.user = number
                self.group = try group.map { text throws(CommandFailure) in try Self.group(text, command) }
                return
            }
            name = String(cString: entry.pointee.pw_name)
            self.user = entry.pointee.pw_uid
            self.group = entry.pointee.pw_gid
        }
        if let group { self.group = try Self.group(group, command) }
    }

    /// Takes them on: group, further groups, user. Does nothing where they are in force already.
    ///
    /// - Throws: ``CommandFailure`` with code 1 when that is not allowed, or could be undone.
    func drop() throws(CommandFailure) {
        guard user.map({ $0 != geteuid() || $0 != getuid() }) ?? false || group.map({ $0 != getegid() }) ?? false else {
            return
        }
        if let group { try check(setgid(group), "--gid", "\(group)") }
        guard let user, user != 0 else { return }
        if let name, let group {
            #if canImport(Darwin)
            try check(initgroups(name, Int32(bitPattern: group)), "--uid", name)
            #else
            try check(initgroups(name, group), "--uid", name)
            #endif
        } else if var group {
            try check(setgroups(1, &group), "--uid", "\(user)")
        }
        try check(setuid(user), "--uid", name ?? "\(user)")
        guard setuid(0) != 0, getuid() != 0, geteuid() != 0 else {
            throw CommandFailure("--uid \(name ?? "\(user)"): the rights of root could be taken back; not started")
        }
    }

    private func check(_ result: Int32, _ option: String, _ value: String) throws(CommandFailure) {
        guard result == 0 else {
            throw CommandFailure(
                "\(option) \(value): cannot change to it: \(LogSink.lastError); start it as root, or as that user"
            )
        }
    }

    private static func account(_ user: String) -> UnsafeMutablePointer<passwd>? {
        uid_t(user).map { getpwuid($0) } ?? getpwnam(user)
    }

    private static func group(_ text: String, _ command: String) throws(CommandFailure) -> gid_t {
        if let number = gid_t(text) { return number }
        guard let entry = getgrnam(text) else { throw .usage("--gid \(text): there is no such group", help: command) }
        return entry.pointee.gr_gid
    }
}

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
#elseif canImport(Darwin)
import Darwin
#endif

/// A child of the harness in a process group of its own, so that it and its children can be killed in one call.
struct ProcessGroup {
    let leader: Int32

    /// Starts a program, this executable again when none is named; its output is appended to a file.
    init(program: String? = nil, arguments: [String], environment: [String: String], log: String) throws {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        let path = try program ?? Self.executable()
        var vector = ([path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in vector + variables { free(pointer) } }
        var pid: pid_t = 0
        let status = posix_spawnp(&pid, path, &actions, &attributes, &vector, &variables)
        guard status == 0 else { throw HarnessError("cannot start \(path): errno \(status)") }
        leader = pid
    }

    /// Sends a signal to the leader alone.
    func signal(_ number: Int32) { _ = kill(leader, number) }

    /// Sends a signal to the leader and all its children at once.
    func signalAll(_ number: Int32) { _ = kill(-leader, number) }

    /// How it ended, once it has: an exit code, or 128 and the number of the signal.
    func reap() -> Int32? {
        var status: Int32 = 0
        guard waitpid(leader, &status, WNOHANG) == leader else { return nil }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// Whether any process of the group is left, the leader included.
    var isAlive: Bool { kill(-leader, 0) == 0 }

    /// The leader's children, from /proc; empty where there is none.
    var children: [Int32] { Self.children(of: leader) }

    /// The same of any process.
    static func children(of leader: Int32) -> [Int32] {
        guard let file = fopen("/proc/\(leader)/task/\(leader)/children", "r") else { return scan(parent: leader) }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        let listed = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        return listed.isEmpty ? scan(parent: leader) : listed
    }

    /// Children started by other threads than the first one are found only by looking at all processes.
    private static func scan(parent: Int32) -> [Int32] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = Int32(name), let file = fopen("/proc/\(pid)/stat", "r") else { continue }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: 1024)
            let count = fread(&buffer, 1, buffer.count, file)
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            // The name in parentheses may contain anything; after it come the state and the parent.
            guard let end = text.lastIndex(of: ")") else { continue }
            let words = text[text.index(after: end)...].split(separator: " ")
            if words.count > 1, words[0] != "Z", Int32(words[1]) == parent { found.append(pid) }
        }
        return found
    }

    /// The path of the running executable.
    private static func executable() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard let resolved = realpath("/proc/self/exe", &buffer) ?? realpath(CommandLine.arguments[0], &buffer) else {
            throw HarnessError("cannot find the path of this executable")
        }
        return String(cString: resolved)
    }
}

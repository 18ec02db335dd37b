//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Runs other programs.
enum Execution {
    static var workingDirectory: String { FileManager.default.currentDirectoryPath }

    /// The path of this process's own program; nil where the system does not tell.
    static var ownProgram: String? { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") }

    /// Becomes another program; returns only by throwing.
    static func replace(_ program: String, _ arguments: [String]) throws(CommandFailure) -> Never {
        withCStrings([program] + arguments) { _ = execv(program, $0) }
        throw CommandFailure("cannot execute \(program): \(LogSink.lastError)")
    }

    /// Starts a program that outlives this one: in a session of its own, with this process's environment, directory, user
    /// and mask, and with nothing on its standard streams. Returns its process id.
    static func startDetached(_ program: String, _ arguments: [String]) throws(CommandFailure) -> pid_t {
        var pid: pid_t = 0
        var failure: Int32 = 0
        withCStrings([program] + arguments) {
            failure = celery_spawn_detached(program, $0, celery_environment(), &pid)
        }
        guard failure == 0 else {
            throw CommandFailure("cannot start \(program): \(String(cString: strerror(failure)))")
        }
        return pid
    }

    /// Runs a program to its end. Returns its exit code, or 128 + the signal that ended it.
    static func run(_ program: String, _ arguments: [String], outputTo descriptor: Int32) throws(CommandFailure)
        -> Int32
    {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        #else
        var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, descriptor, STDOUT_FILENO)
        var pid: pid_t = 0
        var failure: Int32 = 0
        withCStrings([program] + arguments) { failure = posix_spawnp(&pid, program, &actions, nil, $0, environ) }
        guard failure == 0 else {
            throw CommandFailure("cannot run \(program): \(String(cString: strerror(failure))); is it on the PATH?")
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// Runs a program and returns what it printed, as long as it is.
    static func output(of program: String, _ arguments: [String]) throws(CommandFailure) -> String {
        guard let file = tmpfile() else { throw CommandFailure("cannot make a temporary file: \(LogSink.lastError)") }
        defer { fclose(file) }
        _ = try run(program, arguments, outputTo: fileno(file))
        rewind(file)
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += buffer[..<count]
        }
    }

    private static func withCStrings(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Void) {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        body(pointers + [nil])
    }
}

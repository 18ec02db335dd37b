//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Synchronization

/// A program in a terminal of its own, which is its controlling one.
final class PseudoTerminal: Sendable {
    private struct State {
        var emulator: TerminalEmulator
        var raw: [UInt8] = []
        var status: Int32?
    }

    let pid: pid_t
    private let primary: Int32
    /// Kept open, so that attributes can be read after the program's end.
    private let secondary: Int32
    private let state: Mutex<State>

    /// - Parameter environment: All of it: nothing is inherited but PATH and HOME. `TERM` is `xterm` unless it says otherwise.
    init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: URL,
        columns: Int = 80,
        rows: Int = 24
    ) throws {
        primary = posix_openpt(O_RDWR | O_NOCTTY)
        guard primary >= 0, grantpt(primary) == 0, unlockpt(primary) == 0, let name = ptsname(primary) else {
            throw ServiceError("there is no terminal to be had")
        }
        let path = String(cString: name)
        secondary = open(path, O_RDWR | O_NOCTTY)
        _ = fcntl(primary, F_SETFL, O_NONBLOCK)
        _ = fcntl(primary, F_SETFD, FD_CLOEXEC)
        _ = fcntl(secondary, F_SETFD, FD_CLOEXEC)
        Self.setSize(primary, columns, rows)
        let full = program.hasPrefix("/") ? program : TestPrograms.products.appendingPathComponent(program).path
        pid = try Self.spawn(full, arguments, Self.environment(environment), directory.path, terminal: path)
        state = Mutex(State(emulator: TerminalEmulator(columns: columns, rows: rows)))
    }

    deinit {
        if state.withLock({ $0.status == nil }) {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        close(primary)
        close(secondary)
    }

    private static func environment(_ own: [String: String]) -> [String] {
        let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }
        return own.merging(inherited) { own, _ in own }.merging(["TERM": "xterm"]) { own, _ in own }
            .map { "\($0.key)=\($0.value)" }
    }

    /// A session leader that opens a terminal without one gets it as its own.
    private static func spawn(
        _ program: String,
        _ arguments: [String],
        _ environment: [String],
        _ directory: String,
        terminal: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addchdir_np(&actions, directory)
        posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSID) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
        )
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, program, &actions, &attributes, words, variables)
        guard failure == 0 else { throw ServiceError("\(program): \(String(cString: strerror(failure)))") }
        return pid
    }

    private static func setSize(_ descriptor: Int32, _ columns: Int, _ rows: Int) {
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
    }

    /// Changes the window; the system tells the program.
    func resize(columns: Int, rows: Int) {
        pump()
        state.withLock { $0.emulator.resize(columns: columns, rows: rows) }
        Self.setSize(primary, columns, rows)
    }

    /// What makes reading and echoing: input, output, control and local modes.
    var attributes: [UInt32] {
        var attributes = termios()
        tcgetattr(secondary, &attributes)
        return [attributes.c_iflag, attributes.c_oflag, attributes.c_cflag, attributes.c_lflag]
    }

    func type(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard write(primary, bytes, bytes.count) == bytes.count else { throw ServiceError("the terminal takes no keys") }
    }

    func signal(_ number: Int32) { _ = kill(pid, number) }

    var emulator: TerminalEmulator {
        pump()
        return state.withLock { $0.emulator }
    }

    /// Everything that was written.
    var output: String { state.withLock { String(decoding: $0.raw, as: UTF8.self) } }

    private func pump() {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(primary, &buffer, buffer.count)
            guard count > 0 else { return }
            state.withLock { state in
                state.raw += buffer[..<count]
                state.emulator.take(buffer[..<count])
            }
        }
    }

    /// Waits until the screen looks so.
    @discardableResult
    func shows(_ what: String, _ condition: ((TerminalEmulator) -> Bool)? = nil) async throws -> TerminalEmulator {
        do {
            return try await waited(for: what, within: .seconds(30)) {
                let emulator = emulator
                return condition?(emulator) ?? emulator.text.contains(what) ? emulator : nil
            }
        } catch {
            throw ServiceError("\(error)\n\(emulator.text)\n\(output.suffix(2000).debugDescription)")
        }
    }

    /// Waits for the program's end.
    ///
    /// - Returns: Its exit code; 128 + the signal that ended it.
    func exitCode() async throws -> Int32 {
        let status = try await waited(for: "the end of \(pid)", within: .seconds(30)) { () -> Int32? in
            pump()
            return state.withLock { state in
                if state.status == nil {
                    var status: Int32 = 0
                    if waitpid(pid, &status, WNOHANG) == pid { state.status = status }
                }
                return state.status
            }
        }
        pump()
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}

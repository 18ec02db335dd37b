//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CTestTerminal
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
    /// The attributes before the program was started.
    let before: [UInt32]
    private let primary: Int32
    /// Kept open, so that attributes can be read after the program's end.
    private let secondary: Int32
    private let state: Mutex<State>
    /// Not to be removed before the program has ended.
    private let directory: TemporaryDirectory?

    /// - Parameter environment: All of it: nothing is inherited but PATH and HOME. `TERM` is `xterm` unless it says otherwise.
    init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: URL,
        columns: Int = 80,
        rows: Int = 24,
        keeping folder: TemporaryDirectory? = nil
    ) throws {
        self.directory = folder
        let full = program.hasPrefix("/") ? program : TestPrograms.products.appendingPathComponent(program).path
        let words = ([full] + arguments).map { strdup($0) } + [nil]
        let variables = Self.environment(environment).map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var ends: [Int32] = [-1, -1]
        var attributes = termios()
        pid = test_terminal_spawn(
            full,
            words,
            variables,
            directory.path,
            Int32(columns),
            Int32(rows),
            &ends,
            &attributes
        )
        before = Self.modes(attributes)
        (primary, secondary) = (ends[0], ends[1])
        guard pid > 0 else { throw ServiceError("\(program) has no terminal: \(String(cString: strerror(-pid)))") }
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

    /// Changes the window; the system tells the program.
    func resize(columns: Int, rows: Int) {
        pump()
        state.withLock { $0.emulator.resize(columns: columns, rows: rows) }
        _ = test_terminal_resize(primary, Int32(columns), Int32(rows))
    }

    /// What makes reading and echoing: input, output, control and local modes.
    var attributes: [UInt32] {
        var attributes = termios()
        tcgetattr(secondary, &attributes)
        return Self.modes(attributes)
    }

    private static func modes(_ attributes: termios) -> [UInt32] {
        [attributes.c_iflag, attributes.c_oflag, attributes.c_cflag, attributes.c_lflag]
    }

    func type(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard write(primary, bytes, bytes.count) == bytes.count else {
            throw ServiceError("the terminal takes no keys")
        }
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

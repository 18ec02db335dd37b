//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension MultiRun {
    /// A node with the process that it had when it was looked at.
    private struct Running {
        var node: MultiNode
        var pid: pid_t
        var path: String
    }

    mutating func stop(waits: Bool) async throws {
        output.splash()
        try await end(waits: waits) { run, node in run.noteDown(node) }
    }

    mutating func restart() async throws {
        try prepare()
        output.splash()
        try await end(waits: true) { run, node in
            run.output.note(run.output.blue("> Restarting node \(node.name): "), end: "")
            try run.start(node)
        }
    }

    mutating func kill() throws(CommandFailure) {
        output.splash()
        for node in nodes {
            guard let running = try find(node) else {
                noteDown(node)
                output.add(node.name, ["status": "down"])
                continue
            }
            output.note("Sending KILL to node \(node.name) (\(running.pid))")
            _ = send(.kill, to: running)
        }
    }

    /// Sends the signal to all nodes, and waits for their end where that is wanted.
    ///
    /// - Parameter onDown: Called for each node that is not there, or no more.
    private mutating func end(
        waits: Bool,
        onDown: (inout MultiRun, MultiNode) throws -> Void
    ) async throws {
        var waiting: [Running] = []
        for node in nodes {
            if let running = try find(node) {
                waiting.append(running)
            } else {
                output.add(node.name, ["status": "down"])
                try onDown(&self, node)
            }
        }
        guard !waiting.isEmpty else { return }
        output.note(output.blue("> Stopping nodes..."))
        for running in waiting {
            output.note("\t> \(running.node.name): \(signal.name) -> \(running.pid)")
            guard !send(signal, to: running) else { continue }
            waiting.removeAll { $0.node == running.node }
            try onDown(&self, running.node)
        }
        guard waits else { return }
        try await wait(for: waiting, onEnd: onDown)
    }

    /// Until all have ended, however long that takes: a worker finishes what it runs.
    private mutating func wait(
        for nodes: [Running],
        onEnd: (inout MultiRun, MultiNode) throws -> Void
    ) async throws {
        var waiting = nodes
        noteWaiting(waiting)
        var rounds = 0
        while !waiting.isEmpty {
            if let index = waiting.firstIndex(where: { PIDFile.holder(of: $0.path) != .running($0.pid) }) {
                let ended = waiting.remove(at: index)
                output.note("\n\t> \(ended.node.name): \(output.ok)")
                output.add(ended.node.name, ["status": "stopped", "pid": .int(Int(ended.pid))])
                try onEnd(&self, ended.node)
                noteWaiting(waiting)
                continue
            }
            if rounds.isMultiple(of: 20) { output.note(".", end: "") }
            rounds += 1
            try await Task.sleep(for: .milliseconds(50))
        }
        output.note("")
    }

    private func noteWaiting(_ waiting: [Running]) {
        guard !waiting.isEmpty else { return }
        let pids = waiting.map { "\($0.pid)" }.joined(separator: ", ")
        let nodes = waiting.count == 1 ? "1 node" : "\(waiting.count) nodes"
        output.note(output.blue("> Waiting for \(nodes) -> \(pids)..."), end: "")
    }

    private func noteDown(_ node: MultiNode) { output.note("> \(node.name): \(output.down)") }

    /// The node's process; nil when there is no PID file. One that is stale names a process that is gone, and is not signalled
    /// whoever has its number now.
    private func find(_ node: MultiNode) throws(CommandFailure) -> Running? {
        let path = try node.pidPath
        switch PIDFile.holder(of: path) {
        case .none: return nil
        case .stale(let pid), .running(let pid): return Running(node: node, pid: pid, path: path)
        }
    }

    /// False when the process is gone, which is said.
    private mutating func send(_ signal: NamedSignal, to running: Running) -> Bool {
        let (name, pid) = (running.node.name, running.pid)
        guard PIDFile.holder(of: running.path) == .running(pid), sendSignal(pid, signal.number) == 0 else {
            output.note("Could not signal \(name) (\(pid)): No such process")
            output.add(name, ["status": "gone", "pid": .int(Int(pid))])
            return false
        }
        output.add(name, ["status": "signalled", "signal": .string(signal.name), "pid": .int(Int(pid))])
        return true
    }
}

/// The system's, which the methods' own name hides.
private func sendSignal(_ pid: pid_t, _ number: Int32) -> Int32 { kill(pid, number) }

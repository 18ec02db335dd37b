//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

extension FleetBench {
    /// How soon a worker that has all it can do says that it is there: a `ping` of one destination, which returns with its answer.
    func status(_ pool: Pool) async throws {
        try await clear()
        let worker = try await worker(pool)
        let load = try await load()
        var times: [Double] = []
        var silent = 0
        for _ in 0..<options.calls {
            let begun = ContinuousClock.now
            let answers = try await tasks.app.inspect(control).ping()
            if answers.isEmpty { silent += 1 } else { times.append(seconds(ContinuousClock.now - begun)) }
        }
        var commands: [Double] = []
        for _ in 0..<options.calls {
            let begun = ContinuousClock.now
            let command = try MeasuredProcess(["status", "-d", Self.node, "-t", "10"])
            while command.isRunning { try await Task.sleep(for: .milliseconds(1)) }
            guard command.output.contains("\(Self.node): OK") else {
                throw BareConnection.Failure(what: command.output)
            }
            commands.append(seconds(ContinuousClock.now - begun))
            command.stop()
        }
        let backlog = try await queued()
        load.signal(SIGKILL)
        load.stop()
        worker.signal(SIGKILL)
        worker.stop()
        add("status (ping of one destination) under full load, p50, ms", pool, milliseconds(times, 0.5))
        add(
            "status (ping of one destination) under full load, p99 of \(options.calls), ms",
            pool,
            milliseconds(times, 0.99),
            aim: "< 1000"
        )
        add("… not answered within 10 s", pool, "\(silent)", aim: "0")
        add("the command `celery status -d`, from its start to its end, p50, ms", pool, milliseconds(commands, 0.5))
        add("… p99 of \(options.calls), ms", pool, milliseconds(commands, 0.99), aim: "< 1000")
        add("… tasks that waited at the end", pool, "\(backlog)", aim: "> 0")
    }

    /// How soon a running task ends that is revoked, while the worker has all it can do.
    func revoke(_ pool: Pool) async throws {
        try await clear()
        let worker = try await worker(pool)
        let load = try await load()
        var times: [Double] = []
        for number in 0..<options.terminations {
            let result = try await tasks.hold.applyAsync(number, options: SendOptions(queue: "hold"))
            let process = try await waitForStart(of: result.id)
            let begun = Timestamp.now.unixSeconds
            try await result.revoke(terminate: true)
            times.append(try await end(of: result.id, in: process, pool) - begun)
        }
        load.signal(SIGKILL)
        load.stop()
        worker.signal(SIGKILL)
        worker.stop()
        add("revoke of a running task to its end, p50, ms", pool, milliseconds(times, 0.5))
        add(
            "revoke of a running task to its end, max of \(times.count), ms",
            pool,
            milliseconds(times, 1),
            aim: "< 100"
        )
    }

    private func waitForStart(of id: String) async throws -> Int32 {
        while true {
            let active = try await tasks.app.inspect(control).queryTask([id])[Self.node]?[id]
            if active?.state == "active", let pid = active?.task.workerPID { return Int32(pid) }
        }
    }

    /// When it ended: as it wrote itself, or when its process was gone.
    private func end(of id: String, in process: Int32, _ pool: Pool) async throws -> Double {
        let patience = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < patience {
            switch pool {
            case .prefork:
                if kill(process, 0) != 0 { return Timestamp.now.unixSeconds }
            case .async:
                let text = (try? String(contentsOfFile: path("ends"), encoding: .utf8)) ?? ""
                let line = text.split(separator: "\n").last { $0.hasPrefix(id) }
                if let at = line?.split(separator: " ").last.flatMap({ Double($0) }) { return at }
            }
            try await Task.sleep(for: .microseconds(200))
        }
        throw BareConnection.Failure(what: "\(id) was still running 30 s after it was revoked")
    }
}

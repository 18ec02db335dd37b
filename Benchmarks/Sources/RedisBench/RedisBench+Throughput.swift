//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

extension RedisBench {
    private func row(_ name: String, _ hasResults: Bool, _ decimals: Int, _ aim: String, isLess: Bool) -> Report.Row {
        Report.Row(
            name: name + (hasResults ? ", results on" : ", results off"),
            decimals: decimals,
            aim: aim,
            isLessBetter: isLess
        )
    }

    /// Fills the queue, then lets a worker empty it. Counted from the first look at which some are gone, without those, to the
    /// first at which none is left.
    mutating func drain(_ system: System, hasResults: Bool) async throws {
        try server.clear()
        let count = system.isCelery ? max(500, options.tasks / 20) : options.tasks
        try await fill(count, hasResults ? tasks.noop : tasks.silent)
        let worker = try worker(system)
        var first: (at: ContinuousClock.Instant, left: Int, work: BenchServer.Work, cpu: Double)?
        let connection = try BareConnection(port: server.port)
        let before = try await left(system, connection)
        let giveUp = ContinuousClock.now + .seconds(120)
        while true {
            let left = try await left(system, connection)
            if first == nil, left < before { first = (.now, left, try server.work, worker.cpu) }
            if left == 0 || !worker.isRunning || .now > giveUp { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        guard let first, try await left(system, connection) == 0 else {
            say("\(system.rawValue) did not drain:\n\(worker.output.suffix(2000))")
            worker.stop()
            return
        }
        let (end, work, cpu) = (ContinuousClock.now, try server.work - first.work, worker.cpu - first.cpu)
        worker.stop()
        let counted = Double(first.left)
        let aim = hasResults ? "30 ×, async 45 ×" : "35 ×, async 50 ×"
        let speed = counted / seconds(end - first.at)
        say("drain \(system.rawValue)\(hasResults ? ", results" : ""): \(Int(speed))/s")
        report.add(row("drain, tasks/s", hasResults, 0, aim, isLess: false), system, speed)
        report.add(row("worker CPU a task, µs", hasResults, 1, "< 30", isLess: true), system, cpu / counted * 1e6)
        report.add(row("server CPU a task, µs", hasResults, 1, "", isLess: true), system, work.cpu / counted * 1e6)
        report.add(row("commands a task", hasResults, 1, "", isLess: true), system, work.commands / counted)
    }

    /// What is ready or held.
    private func left(_ system: System, _ connection: BareConnection) async throws -> Int {
        if system.isCelery {
            return (Int(try connection.ask("LLEN", "celery")) ?? 0) + (Int(try connection.ask("HLEN", "unacked")) ?? 0)
        }
        let status = try await tasks.app.transport().status(of: ["celery"]).first
        return (status?.ready ?? 0) + (status?.held ?? 0)
    }

    func fill(_ count: Int, _ task: TaskHandle<Int, Int>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<256 {
                group.addTask { for x in stride(from: lane, to: count, by: 256) { try await task.delay(x) } }
            }
            try await group.waitForAll()
        }
    }

    /// Each side's client alone.
    mutating func publishing() async throws {
        let one = Report.Row(name: "publish one by one, tasks/s", aim: "4 ×")
        let many = Report.Row(name: "publish, 256 at a time, tasks/s (against Celery one by one)", aim: "40 ×")
        let bulk = Report.Row(name: "publish in bulk of 100, tasks/s", aim: "80 ×")
        if options.python != nil {
            try server.clear()
            let figures = try celery("publish", "\(max(500, options.tasks / 20))")
            report.add(one, .celeryPrefork, figures["one"] as? Double)
            report.add(many, .celeryPrefork, figures["one"] as? Double)
            report.add(bulk, .celeryPrefork, figures["bulk"] as? Double)
        }
        try server.clear()
        let few = options.tasks / 10
        try await tasks.silent.delay(0)
        let alone = try await timed { for x in 0..<few { try await tasks.silent.delay(x) } }
        report.add(one, .async, Double(few) / seconds(alone))
        try server.clear()
        let cpu = Self.ownCPU
        let together = try await timed { try await fill(options.tasks, tasks.silent) }
        report.add(many, .async, Double(options.tasks) / seconds(together))
        report.add(
            Report.Row(name: "publish, 256 at a time: CPU of the client a task, µs", decimals: 1, isLessBetter: true),
            .async,
            (Self.ownCPU - cpu) / Double(options.tasks) * 1e6
        )
        try server.clear()
        let transport = try await tasks.app.transport()
        let heaped = try await timed {
            for start in stride(from: 0, to: options.tasks, by: 100) {
                let messages = (start..<start + 100).map { Self.message($0) }
                try await transport.publish(messages, timeout: .seconds(5))
            }
        }
        report.add(bulk, .async, Double(options.tasks) / seconds(heaped))
    }

    /// Seconds of this process so far.
    private static var ownCPU: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func message(_ number: Int) -> OutgoingMessage {
        let id = TaskID.random()
        let headers = TaskHeaders(
            task: "bench.silent",
            id: id,
            rootID: id,
            argsRepr: "(\(number),)",
            kwargsRepr: "{}",
            origin: "gen123@host"
        )
        let properties = MessageProperties(correlationID: id, routingKey: "celery", priority: 0)
        let body = #"[[\#(number)], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#
        return OutgoingMessage(Message(headers: headers, properties: properties, body: Array(body.utf8)))
    }
}

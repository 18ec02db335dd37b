//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import CeleryWorker
import Foundation
import Logging
import ServiceTestSupport
import Synchronization
import Testing

/// A Swift worker with a name of its own, and Python's tools that look at it.
@Suite("Remote control and events between Swift and Python", .needsPythonAndRedis, .timeLimit(.minutes(10)))
struct FleetInteropTests {
    @Test(
        "Python's inspect and control get from a Swift worker what they get from a Python worker",
        arguments: PythonVersion.available
    )
    func commands(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            let python = try await site.peer.worker(
                .prefork,
                name: site.tag,
                queues: [site.tag + "-py"],
                concurrency: 1
            )
            let pythonName = NodeName.expand("\(site.tag)@%h")
            func both(_ words: [String]) async throws -> (swift: CeleryValue, python: CeleryValue) {
                (
                    try await site.reply(words, from: site.hostname), try await site.reply(words, from: pythonName)
                )
            }
            for words in [
                ["inspect", "ping"], ["inspect", "active"], ["inspect", "reserved"], ["inspect", "scheduled"],
                ["control", "rate_limit", "interop.add", "bogus"], ["control", "rate_limit", "no.such", "1/s"],
                ["control", "rate_limit", "interop.add", "3/y"], ["control", "rate_limit", "interop.add", "0"],
                ["control", "rate_limit", "interop.add", "10/m"], ["control", "time_limit", "interop.add", "50", "60"],
                ["control", "time_limit", "no.such", "50"], ["control", "pool_grow", "1"],
                ["control", "pool_shrink", "1"],
                ["control", "autoscale", "3", "1"], ["control", "pool_restart"], ["control", "enable_events"],
                ["control", "enable_events"], ["control", "disable_events"], ["control", "disable_events"],
                ["control", "add_consumer", "extra-\(site.tag)"], ["control", "cancel_consumer", "extra-\(site.tag)"],
                ["control", "heartbeat"], ["control", "revoke", "one-id"],
                ["control", "terminate", "SIGKILL", "nobody"],
                ["control", "revoke_by_stamped_headers", "a=b"], ["inspect", "query_task", "nobody"],
            ] {
                let (swift, python) = try await both(words)
                #expect(swift == python, "\(words)")
            }
            for words in [["inspect", "active_queues"], ["inspect", "clock"], ["inspect", "report"]] {
                let (swift, python) = try await both(words)
                #expect(Self.shape(swift) == Self.shape(python), "\(words)")
            }
            let (swift, pythonStats) = try await both(["inspect", "stats"])
            guard case .object(var own) = swift, case .object(var other) = pythonStats else {
                throw ServiceError("\(swift)")
            }
            for name in ["pool", "total"] { (own[name], other[name]) = (nil, nil) }
            #expect(Self.shape(.object(own)) == Self.shape(.object(other)))
            await python.end()
        }
    }

    /// Keys and kinds of values; a null and a number stand for anything.
    private static func shape(_ value: CeleryValue) -> String {
        switch value {
        case .object(let object):
            "{"
                + object.members.sorted { $0.key < $1.key }.map { "\($0.key): \(shape($0.value))" }
                .joined(separator: ", ") + "}"
        case .array(let values): "[\(values.first.map(shape) ?? "")]"
        case .string, .null, .int, .double: "_"
        case .bool: "bool"
        default: "?"
        }
    }

    @Test("Python sees what runs in a Swift worker, and ends it", arguments: PythonVersion.available)
    func running(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            let id = try await site.client.send("interop.hang", [], options: ["queue": .string(site.tag)])
            let active = try await waited(for: "the task to run", within: .seconds(30)) { () -> CeleryValue? in
                guard case .array(let tasks) = try await site.reply(["inspect", "active"], from: site.hostname) else {
                    return nil
                }
                return tasks.first
            }
            let task = try #require(TaskInfo(active))
            #expect(task.id == id && task.name == "interop.hang" && task.hostname == site.hostname)
            #expect(task.timeStart != nil && task.workerPID == Int(ProcessInfo.processInfo.processIdentifier))
            let ended = try await site.reply(["control", "terminate", "SIGTERM", id], from: site.hostname)
            #expect(ended == ["ok": .string("terminate: \(id)")])
            let outcome = try await site.client.get(id)
            #expect(outcome.state == "REVOKED")
            #expect(outcome.exception?.type == "TaskRevokedError")
        }
    }

    @Test("Python's receiver and its dumper understand a Swift worker's events", arguments: PythonVersion.available)
    func pythonHears(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            #expect(try await site.client.request("watch", within: .seconds(60))["ready"] == true)
            #expect(
                try await site.reply(["control", "enable_events"], from: site.hostname) == ["ok": "task events enabled"]
            )
            let id = try await site.client.send("interop.add", [2, 3], options: ["queue": .string(site.tag)])
            #expect(try await site.client.get(id).value == 5)
            let bad = try await site.client.send("interop.boom", [], options: ["queue": .string(site.tag)])
            #expect(try await site.client.get(bad).state == "FAILURE")
            let heard = try await waited(for: "the events", within: .seconds(30)) { () -> CeleryObject? in
                let heard = try await site.client.request("watched")
                guard case .array(let events)? = heard["events"] else { return nil }
                let types = events.compactMap { event in
                    if case .object(let object) = event { object["type"] } else { nil }
                }
                return types.contains("task-failed") && types.contains("worker-heartbeat") ? heard : nil
            }
            guard case .array(let events)? = heard["events"], case .array(let lines)? = heard["lines"] else { return }
            let own = events.compactMap { event -> CeleryObject? in
                guard case .object(let object) = event, object["hostname"] == .string(site.hostname) else { return nil }
                return object
            }
            func types(_ id: String) -> [CeleryValue?] { own.filter { $0["uuid"] == .string(id) }.map { $0["type"] } }
            #expect(types(id) == ["task-received", "task-started", "task-succeeded"])
            #expect(types(bad) == ["task-received", "task-started", "task-failed"])
            let received = try #require(own.first { $0["type"] == "task-received" })
            #expect(received["name"] == "interop.add" && received["args"] == "[2, 3]")
            #expect(own.contains { $0["type"] == "worker-heartbeat" && $0["sw_ident"] == "swift-celery" })
            let text = lines.compactMap { line in if case .string(let text) = line { text } else { nil } }.joined()
            #expect(text.contains("task succeeded: interop.add(\(id)) args=[2, 3] kwargs={}"))
        }
    }

    @Test(
        "A Swift app steers a Python worker, hears its events, and ends its tasks",
        arguments: PythonVersion.available
    )
    func swiftSteers(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            let python = try await site.peer.worker(
                .prefork,
                name: site.tag,
                queues: [site.tag + "-py"],
                concurrency: 1
            )
            let name = NodeName.expand("\(site.tag)@%h")
            let options = ControlOptions(destination: [name], timeout: .seconds(30))
            let (control, inspect) = (site.app.control(options), site.app.inspect(options))
            // Python's worker begins to listen a moment after it has said that it is ready; what is sent before is lost.
            let glance = site.app.inspect(ControlOptions(destination: [name], timeout: .seconds(1)))
            #expect(try await eventually(within: .seconds(60)) { try await glance.ping() == [name] })
            #expect(try await control.poolGrow().first?.ok == "pool will grow")
            #expect(
                try await control.rateLimit("interop.add", "bogus").first?.error?.hasPrefix("Invalid rate limit string")
                    == true
            )
            #expect(try await control.addConsumer("more-\(site.tag)").first?.ok == "add consumer more-\(site.tag)")
            #expect(try await inspect.registered()[name]?.contains("interop.echo") == true)
            #expect(try await inspect.conf()[name]?["task_track_started"] == true)
            #expect(try await inspect.clock()[name] != nil)
            #expect(try await inspect.report()[name]?.contains("celery:") == true)
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await inspect.activeQueues()[name]?.compactMap { $0["name"] }
                        .contains(.string("more-\(site.tag)")) == true
                }
            )
            #expect(try await control.enableEvents().first?.ok == "task events enabled")
            let stream = try await site.app.events.receive("task.#", wakesUp: false)
            let sleeper = try await site.app.sendTask(
                "interop.sleep",
                args: [600],
                options: SendOptions(queue: site.tag + "-py")
            )
            #expect(
                try await eventually(within: .seconds(30)) { try await inspect.active()[name]?.first?.id == sleeper.id }
            )
            #expect(try await inspect.queryTask([sleeper.id])[name]?[sleeper.id]?.state == "active")
            try await sleeper.revoke(terminate: true, signal: "SIGKILL")
            let error = await #expect(throws: CeleryError.self) { try await sleeper.get(timeout: .seconds(30)) }
            #expect(error?.code == .taskRevoked)
            var types: [String] = []
            while types.last != "task-revoked" {
                let events = try await stream.next(within: .seconds(30))
                try #require(!events.isEmpty, "no more events after \(types)")
                types += events.filter { $0.uuid == sleeper.id && $0.hostname == name }.map(\.type)
            }
            #expect(types == ["task-received", "task-started", "task-revoked"])
            await stream.close()
            // It does not answer, it ends.
            try await control.shutdown()
            #expect(try await eventually(within: .seconds(60)) { !python.isRunning })
            await python.end()
        }
    }

    @Test("A command of the app's own is asked for in the other language", arguments: PythonVersion.available)
    func ownCommands(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            site.app.controlCommand("shout", parameters: [.init("text")]) { call in
                .string("\(call.arguments["text"]?.text ?? "").\(call.hostname)")
            }
            let ours = try await site.reply(["inspect", "shout", "hey"], from: site.hostname)
            #expect(ours == .string("hey.\(site.hostname)"))
            let python = try await site.peer.worker(name: site.tag, queues: [site.tag + "-py"])
            let name = NodeName.expand("\(site.tag)@%h")
            let glance = site.app.inspect(ControlOptions(destination: [name], timeout: .seconds(1)))
            #expect(try await eventually(within: .seconds(60)) { try await glance.ping() == [name] })
            let inspect = site.app.inspect(ControlOptions(destination: [name], timeout: .seconds(30)))
            #expect(try await inspect.request("shout", ["text": "hey"])[name] == .string("hey.\(name)"))
            await python.end()
        }
    }

    @Test("The two command lines print the same about one fleet", arguments: PythonVersion.available)
    func commandLines(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            for words in [
                ["status"], ["inspect", "ping"], ["inspect", "registered"], ["inspect", "active"],
                ["control", "pool_grow", "1"], ["control", "rate_limit", "no.such", "1/s"], ["control", "heartbeat"],
                ["inspect", "--json", "ping"],
            ] {
                let all = words + ["-d", site.hostname, "-t", "30"]
                let python = try await site.client.commandLine(all)
                let swift = try await site.server.commandLine(all)
                #expect(swift.output == python.output, "\(words)")
                #expect(swift.code == 0 && python.code == 0, "\(words)")
            }
            let nobody = try await site.server.commandLine(["status", "-d", "nobody@nowhere", "-t", "0.2"])
            #expect(nobody.code == 69 && nobody.output.contains("No nodes replied within time constraint"))
        }
    }
}

/// A Swift worker, the app that it belongs to, and a Python client.
struct FleetSite: Sendable {
    var app: CeleryApp
    /// The worker's node name.
    var hostname: String
    /// Of names that are this test's alone; the worker's queue too.
    var tag: String
    var client: PythonClient
    var peer: PythonPeer
    var server: RedisServer

    /// What one worker answers to one of Celery's own commands.
    func reply(_ words: [String], from hostname: String) async throws -> CeleryValue {
        try await client.celery(words, from: hostname)
    }
}

/// Runs a Swift worker for as long as the body takes.
func withFleetSite(_ version: PythonVersion, _ body: @escaping @Sendable (FleetSite) async throws -> Void) async throws
{
    let tag = RedisServer.uniquePrefix().filter { $0.isLetter || $0.isNumber }
    let peer = try await RedisInterop.peer(
        version,
        ["task_queues": RedisInterop.Queues.setting([Queue(tag), Queue(tag + "-py")])]
    )
    let client = try await peer.client()
    let server = try await RedisServer.shared
    try await RedisInterop.withApp(queue: tag, queues: [Queue(tag + "-py")]) { app in
        app.task("interop.add") { (x: Int, y: Int) in x + y }
        app.task("interop.boom") { () -> Int in throw ServiceError("it went wrong") }
        app.task("interop.hang") { () -> Int in
            // ended by the test
            try await Task.sleep(for: .seconds(3600))
            return 1
        }
        app.task("interop.sleep") { (seconds: Double) -> String in
            // sleeps: a task that runs while it is looked at.
            try await Task.sleep(for: .seconds(seconds))
            return "slept"
        }
        var options = WorkerOptions()
        options.hostname = "swift-\(tag)@test"
        options.queues = [tag]
        options.pool = "async"
        options.concurrency = 2
        let worker = try Worker(app, options: options)
        let site = FleetSite(
            app: app,
            hostname: "swift-\(tag)@test",
            tag: tag,
            client: client,
            peer: peer,
            server: server
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            let isReady = Mutex(false)
            worker.onReady { isReady.withLock { $0 = true } }
            group.addTask { try await worker.run() }
            #expect(try await eventually(within: .seconds(60)) { isReady.withLock { $0 } })
            let options = ControlOptions(destination: [site.hostname], timeout: .seconds(1))
            #expect(try await eventually(within: .seconds(60)) { try await app.inspect(options).ping().count == 1 })
            do {
                try await body(site)
            } catch {
                worker.shutdown(.cold)
                throw error
            }
            worker.shutdown(.warm)
            try await group.waitForAll()
        }
    }
    await client.end()
}

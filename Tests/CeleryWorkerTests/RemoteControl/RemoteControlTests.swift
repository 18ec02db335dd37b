//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Synchronization
import Testing

@Suite("Remote control of a worker", .timeLimit(.minutes(5)))
struct RemoteControlTests {
    @Test("Only those who are meant answer: by name, by pattern, or all")
    func addressing() async throws {
        let app = TestApp.make()
        try await withFleet(app, ["w1@a", "w2@a", "x@b"]) { () async throws -> Void in
            func names(_ options: ControlOptions) async throws -> [String] {
                try await app.control(options).ping().map(\.hostname).sorted()
            }
            let all = try await names(ControlOptions(timeout: .seconds(30), limit: 3))
            #expect(all == ["w1@a", "w2@a", "x@b"])
            let one = try await names(ControlOptions(destination: ["w2@a"], timeout: .seconds(30)))
            #expect(one == ["w2@a"])
            for pattern in [ControlOptions.Pattern.glob("w?@*"), .regex("w\\d"), .glob("[uvw]*a")] {
                let some = try await names(ControlOptions(pattern: pattern, timeout: .seconds(30), limit: 2))
                #expect(some == ["w1@a", "w2@a"])
            }
            // The one that is asked afterwards has heard the others' commands before: it would have answered.
            for quiet in [
                ControlOptions(destination: ["nobody@a"], timeout: .milliseconds(50)),
                ControlOptions(pattern: .glob("nobody*"), timeout: .milliseconds(50)),
                ControlOptions(pattern: .regex("("), timeout: .milliseconds(50)),
            ] {
                #expect(try await names(quiet).isEmpty)
            }
        }
    }

    @Test("What is no command is dropped, and the next one answered")
    func malformed() async throws {
        let app = TestApp.make()
        try await withWorker(app) { () async throws -> Void in
            let channel = try #require(try await app.transport().broadcasts)
            for body in ["", "[]", "{\"method\": 7}", "{\"method\": \"ping\", \"arguments\": 3}", "\u{0}"] {
                let message = BroadcastMessage(exchange: "celery.pidbox", routingKey: "", body: Array(body.utf8))
                try await channel.send([message], kind: .fanout, timeout: .seconds(5))
            }
            #expect(try await app.control(.quick).ping().first?.ok == "pong")
        }
    }

    @Test("A command is carried out although its time is up by this machine's clock")
    func expired() async throws {
        let app = TestApp.make()
        let calls = Mutex(0)
        app.controlCommand("count") { _ in
            calls.withLock { $0 += 1 }
            return .null
        }
        try await withWorker(app) { () async throws -> Void in
            let channel = try #require(try await app.transport().broadcasts)
            let message = BroadcastMessage(
                exchange: "celery.pidbox",
                routingKey: "",
                headers: ["expires": 1.0],
                body: Array("{\"method\": \"count\"}".utf8)
            )
            try await channel.send([message], kind: .fanout, timeout: .seconds(5))
            #expect(try await eventually { calls.withLock { $0 } == 1 })
        }
    }

    @Test("Replies to another ticket, and those that come after the limit, are left out")
    func tickets() async throws {
        let log = LogRecorder()
        let app = TestApp.make(log: log)
        let channel = try #require(try await app.transport().broadcasts)
        let pidbox = BroadcastAddress(Exchange("celery.pidbox", .fanout), queue: "w.celery.pidbox")
        let ear = try await channel.listen(to: [pidbox], timeout: .seconds(5))
        async let replies = app.control(ControlOptions(timeout: .seconds(30), limit: 2)).ping()
        let heard = try #require(try await ear.receive(timeout: .seconds(30)).first).get()
        let request = try ControlRequest(app.codec.decodeValue(of: heard))
        let address = try #require(request.replyTo)
        func reply(_ host: String, ticket: String?) throws -> BroadcastMessage {
            var message = BroadcastMessage(
                exchange: address.exchange,
                routingKey: address.routingKey,
                headers: ["ticket": ticket.map { .string($0) } ?? .null, "clock": 41],
                body: []
            )
            try app.codec.encode(.object([host: ["ok": "pong"]]), into: &message)
            return message
        }
        let messages = [
            try reply("stranger", ticket: "another"), try reply("nameless", ticket: nil),
            try reply("twin", ticket: request.ticket), try reply("twin", ticket: request.ticket),
            try reply("third", ticket: request.ticket),
        ]
        try await channel.send(messages, kind: .direct, timeout: .seconds(5))
        #expect(try await replies.map(\.hostname) == ["twin", "twin"])
        let warnings = log.lines.map(\.text).filter { $0.contains("two workers answer to the name twin") }
        #expect(warnings.count == 1, "\(log.lines.map(\.text))")
        #expect(app.clock.value > 41)
        // Nobody is there any more to take it: that is no error.
        try await channel.send([try reply("late", ticket: request.ticket)], kind: .direct, timeout: .seconds(5))
    }

    @Test("Commands of the app are answered, and their errors too")
    func ownCommands() async throws {
        struct OutOfInk: Error, CustomStringConvertible { var description: String { "page 3" } }
        let app = TestApp.make()
        app.controlCommand("shout", parameters: [.init("text")]) { call in
            .string("\(call.arguments["text"]?.text ?? "").\(call.hostname)")
        }
        app.controlCommand("print", .control) { _ in throw OutOfInk() }
        app.controlCommand("ping") { _ in ["ok": "own"] }
        try await withFleet(app, ["w@a"]) { () async throws -> Void in
            let control = app.control(.quick)
            #expect(try await control.request("shout", ["text": "hey"]).first?.value == "hey.w@a")
            #expect(try await control.request("print").first?.error == "OutOfInk('page 3')")
            #expect(try await control.ping().first?.ok == "own")
        }
    }

    @Test("A command of the app that hangs holds up neither other commands nor tasks")
    func hanging() async throws {
        let app = TestApp.make()
        let gate = Doorway()
        let calls = Mutex(0)
        app.controlCommand("hang") { _ in
            calls.withLock { $0 += 1 }
            await gate.waitUntilOpen()
            return .null
        }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        try await withWorker(app) { () async throws -> Void in
            for _ in 0..<16 { try await app.control.broadcast("hang") }
            #expect(try await eventually { calls.withLock { $0 == 16 } })
            let refusal = try await app.control(.quick).request("hang").first?.error
            #expect(refusal?.contains("16 commands") == true)
            #expect(try await app.control(.quick).ping().first?.ok == "pong")
            #expect(try await add.delay(2, 3).get() == 5)
            gate.open()
        }
    }

    @Test("A missing argument is answered as Python's call would")
    func missing() async throws {
        let app = TestApp.make()
        try await withWorker(app) { () async throws -> Void in
            let control = app.control(.quick)
            #expect(
                try await control.request("rate_limit").first?.error
                    == "TypeError(\"rate_limit() missing 2 required positional arguments: 'task_name' and 'rate_limit'\")"
            )
            #expect(
                try await control.request("cancel_consumer").first?.error
                    == "TypeError(\"cancel_consumer() missing 1 required positional argument: 'queue'\")"
            )
            #expect(
                try await control.request("rate_limit", ["task_name": "t", "rate_limit": "1/y"]).first?.error
                    == "KeyError('y')"
            )
        }
    }

    @Test("It can be switched off, by the settings and by the worker's own option", arguments: [true, false])
    func switchedOff(bySetting: Bool) async throws {
        let app = TestApp.make()
        var options = WorkerOptions()
        (options.pool, options.hostname) = ("async", "hears@a")
        let hearing = try Worker(app, options: options)
        options.hostname = "deaf@a"
        options.withoutRemoteControl = !bySetting
        app.update { $0.workerEnableRemoteControl = !bySetting }
        let deaf = try Worker(app, options: options)
        try await withRunning(hearing) {
            try await withRunning(deaf) { () async throws -> Void in
                func answering(_ timeout: Duration) async throws -> [String] {
                    try await app.control(ControlOptions(timeout: timeout, limit: 2)).ping().map(\.hostname)
                }
                // The other hears the same command, and answers.
                #expect(try await eventually { try await !answering(.milliseconds(50)).isEmpty })
                #expect(try await answering(.milliseconds(200)) == ["hears@a"])
            }
        }
    }

    @Test("Secrets are masked in conf and report")
    func secrets() async throws {
        let app = TestApp.make {
            $0.resultBackend = "memory://user:hidden@store"
            $0.securityKeyPassword = "hidden"
        }
        try await withWorker(app) { () async throws -> Void in
            let conf = try await app.inspect(.quick).conf().values.first
            #expect(conf?["security_key_password"] == "********")
            let texts = [try await app.inspect(.quick).report().values.first ?? "", "\(conf ?? [:])"]
            for text in texts {
                #expect(!text.isEmpty && !text.contains("hidden"))
            }
        }
    }

    @Test("shutdown ends the worker warm, without an answer", arguments: SteeredPool.allCases)
    func shutdown(pool: SteeredPool) async throws {
        let app = TestApp.make()
        var options = WorkerOptions()
        options.pool = pool.rawValue
        let worker = try Worker(app, options: options)
        let gate = Doorway()
        let hold = app.task("hold") { () -> String in
            await gate.waitUntilOpen()
            return "done"
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            let isReady = Mutex(false)
            worker.onReady { isReady.withLock { $0 = true } }
            #expect(try await eventually { isReady.withLock { $0 } })
            let result = try await hold.delay()
            #expect(try await eventually { try await app.inspect(.quick).active().values.first?.count == 1 })
            try await app.control.shutdown()
            // It answers for as long as something runs.
            #expect(try await app.control(.quick).ping().first?.ok == "pong")
            gate.open()
            try await group.waitForAll()
            #expect(try await result.get() == "done")
        }
    }
}

/// Runs workers under these names for as long as the body takes.
func withFleet(_ app: CeleryApp, _ names: [String], _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        var workers: [Worker] = []
        for name in names {
            var options = WorkerOptions()
            options.hostname = name
            options.pool = "async"
            let worker = try Worker(app, options: options)
            workers.append(worker)
            group.addTask { try await worker.run() }
        }
        for worker in workers {
            let isReady = Mutex(false)
            worker.onReady { isReady.withLock { $0 = true } }
            #expect(try await eventually { isReady.withLock { $0 } })
        }
        #expect(
            try await eventually {
                try await app.control(ControlOptions(timeout: .seconds(1), limit: names.count)).ping().count
                    == names.count
            }
        )
        try await body()
        for worker in workers { worker.shutdown(.warm) }
        try await group.waitForAll()
    }
}

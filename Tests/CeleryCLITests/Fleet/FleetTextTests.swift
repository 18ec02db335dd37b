//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Testing

@testable import CeleryCLI

@Suite struct FleetTextTests {
    private let layout = ReplyText(terminal: Terminal(usesColour: false), isQuiet: false)

    @Test(
        arguments: [
            (["ok": "pong"], "->  w@a: OK\n        pong"),
            (["error": "KeyError('x')"], "->  w@a: ERROR\n        KeyError('x')"),
            ([], "->  w@a: OK\n    - empty -"),
            (["add", "mul [rate_limit=1/s]"], "->  w@a: OK\n    * add\n    * mul [rate_limit=1/s]"),
            ([["id": "t", "args": [1]]], "->  w@a: OK\n    * {'id': 't', 'args': [1]}"),
            (["clock": 7], "->  w@a: OK\n    {\n        \"clock\": 7\n    }"),
            (
                ["b": [1], "a": [:]],
                "->  w@a: OK\n    {\n        \"a\": {},\n        \"b\": [\n            1\n        ]\n    }"
            ),
            (nil, "->  w@a: OK\n    None"), ("28MB", "->  w@a: OK\n    28MB"),
        ] as [(CeleryValue, String)]
    )
    func aReplyLooksAsInCelery(value: CeleryValue, text: String) {
        #expect(layout.text(ControlReply(hostname: "w@a", value: value), showsBody: true) == text)
    }

    @Test(
        arguments: [
            (["ok": "a\u{1B}[2Jb\nc\u{9b}31m\rd"], "        a\\x1b[2Jb\n        c\\x9b31m\\rd"),
            (["error": "\u{7}"], "        \\x07"), (["x\u{1B}c"], "    * x\\x1bc"),
            ("a\u{202e}b", "    a\\u202eb"), (["k": "\u{9b}m"], "    {\n        \"k\": \"\\x9bm\"\n    }"),
        ] as [(CeleryValue, String)]
    )
    func aReplyGivesNoCommandsToATerminal(value: CeleryValue, body: String) {
        let reply = ControlReply(hostname: "w\u{1B}]0;x\u{7}@a\nv", value: value)
        let shown = ReplyText(terminal: Terminal(usesColour: false, isTerminal: true), isQuiet: false)
            .text(reply, showsBody: true)
        let status = value == ["error": "\u{7}"] ? "ERROR" : "OK"
        #expect(shown == "->  w\\x1b]0;x\\x07@a\\nv: \(status)\n\(body)")
        // Scripts get what was answered.
        #expect(layout.text(reply, showsBody: true).hasPrefix("->  \(reply.hostname): \(status)\n"))
    }

    @Test func statusShowsNoBody() {
        let reply = ControlReply(hostname: "w@a", value: ["ok": "pong"])
        #expect(layout.text(reply, showsBody: false) == "->  w@a: OK")
        #expect(
            ReplyText(terminal: Terminal(usesColour: false), isQuiet: true).text(reply, showsBody: false) == " w@a: OK"
        )
        #expect(ReplyText.count(1) == "\n1 node online." && ReplyText.count(2) == "\n2 nodes online.")
    }

    @Test func aReplyIsColouredAsInCelery() {
        let coloured = ReplyText(terminal: Terminal(usesColour: true), isQuiet: false)
        func shown(_ value: CeleryValue) -> String {
            coloured.text(ControlReply(hostname: "w@a", value: value), showsBody: true)
        }
        #expect(shown(["ok": "pong"]) == "->  \u{1B}[1;36mw@a: \u{1B}[0m\u{1B}[1;32mOK\u{1B}[0m\n        pong")
        #expect(shown(["error": "no"]) == "->  \u{1B}[1;36mw@a: \u{1B}[0m\u{1B}[1;31mERROR\u{1B}[0m\n        no")
    }

    @Test(
        arguments: [
            (["add_consumer", "q", "x"], ["queue": "q", "exchange": "x"]),
            (["revoke", "a", "b"], ["task_id": ["a", "b"]]),
            (["terminate", "SIGKILL", "a"], ["signal": "SIGKILL", "task_id": ["a"]]),
            (["autoscale", "10", "2"], ["max": 10, "min": 2]),
            (["time_limit", "t", "1.5", "3"], ["task_name": "t", "soft": 1.5, "hard": 3.0]),
            (["shutdown"], [:]),
        ] as [([String], CeleryObject)]
    )
    func wordsBecomeArgumentsAsInCelery(words: [String], arguments: CeleryObject) throws {
        let call = try RemoteCall(words, kind: .control, app: CeleryApp("t", registry: PluginRegistry()))
        #expect(call.command.name == words[0])
        #expect(call.arguments == arguments)
    }

    @Test(arguments: [("true", true), ("ON", true), ("1", true), ("no", false), ("0", false), ("maybe", nil)])
    func wordsBecomeFlagsAsInCelery(word: String, flag: Bool?) throws {
        let app = CeleryApp("t", registry: PluginRegistry())
        guard let flag else {
            let failure = #expect(throws: CommandFailure.self) {
                try RemoteCall(["conf", word], kind: .inspect, app: app)
            }
            #expect(failure?.code == .usage && failure?.message.contains("true or false") == true)
            return
        }
        #expect(try RemoteCall(["conf", word], kind: .inspect, app: app).arguments == ["with_defaults": .bool(flag)])
    }

    @Test func hiddenCommandsAreNotSent() {
        let app = CeleryApp("t", registry: PluginRegistry())
        #expect(throws: CommandFailure.self) { try RemoteCall(["hello"], kind: .inspect, app: app) }
    }

    @Test func commandsOfTheAppAreListedAndRead() throws {
        let app = CeleryApp("t", registry: PluginRegistry())
        app.controlCommand("shout", help: "Shout it.", signature: "<text>", parameters: [.init("text")]) { _ in .null }
        #expect(RemoteCall.list(.inspect, app: app).contains("\n  shout <text>"))
        #expect(!RemoteCall.list(.control, app: app).contains("shout"))
        #expect(RemoteCall.listed(.inspect, app: app).settingJSON.contains(#""name": "shout", "arguments": "<text>""#))
        #expect(!RemoteCall.list(.inspect, app: app).contains("hello"))
        #expect(try RemoteCall(["shout", "hey"], kind: .inspect, app: app).arguments == ["text": "hey"])
    }

    @Test(arguments: [ControlCommand.Kind.inspect, .control], [80, 120, 200])
    func listsOfCommandsFitTheTerminal(kind: ControlCommand.Kind, columns: Int) {
        let app = CeleryApp("t", registry: PluginRegistry())
        app.controlCommand("long", kind, help: String(repeating: "word ", count: 60), signature: "<x>") { _ in .null }
        let list = RemoteCall.list(kind, app: app, columns: columns)
        #expect(list.contains("\n  long <x>"))
        let longest = list.split(separator: "\n").map(\.count).max() ?? 0
        #expect((columns - 5...columns).contains(longest))
    }

    @Test func eventsAreDumpedAsCeleryDumpsThem() {
        var dump = EventDump()
        let time = Timestamp(unixSeconds: 1_795_337_376.25)
        func event(_ type: String, _ fields: CeleryObject) -> CeleryEvent {
            CeleryEvent(type, hostname: "w@a", pid: 9, clock: 3, timestamp: time, localReceived: time, fields: fields)
        }
        let tail = "local_received=1795337376.25, pid=9"
        #expect(
            dump.line(event("worker-heartbeat", ["freq": 2.0, "active": 0]))
                == "w@a [2026-11-22 08:49:36.250000+00:00] heartbeat: active=0, clock=3, freq=2.0, \(tail), utcoffset=0.0"
        )
        let received = dump.line(
            event("task-received", ["uuid": "t", "name": "add", "args": "(2, 3)", "kwargs": "{}", "eta": .null])
        )
        let task = "add(t) args=(2, 3) kwargs={}"
        #expect(
            received
                == "w@a [2026-11-22 08:49:36.250000+00:00] task received: \(task) clock=3, eta=None, \(tail), utcoffset=0.0"
        )
        #expect(dump.line(event("task-started", ["uuid": "t"])).contains("task started: \(task) clock=3"))
        #expect(dump.line(event("task-started", ["uuid": "other"])).contains("task started:  clock=3"))
    }

    @Test func aFleetIsDrawnWithinItsLimits() throws {
        let words = try GraphWords([
            "nodes:a,b,c", "threads:2,9,1", "broker:redis://:secret@h", "backend:rpc://", "wmax:2", "tmax:3",
        ])
        #expect(words.nodes == ["a", "b", "c"] && words.threads == [2, 9, 1] && words.broker == "redis://:**@h")
        let graph = FleetGraph(
            workers: [("a", 2), ("b", 9), ("c", 1)].map { FleetGraph.Worker(name: $0, slots: $1) },
            broker: "redis://\"h\"",
            backend: "rpc://",
            workerLimit: 2,
            slotLimit: 3
        )
        let lines = graph.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "digraph workers {" && lines.last == "}")
        #expect(lines.contains { $0.contains("label=\"redis://\\\"h\\\"\"") })
        #expect(lines.contains { $0.contains("2 more workers") } && lines.contains { $0.contains("label=\"c\"") })
        #expect(!lines.contains { $0.contains("label=\"a\"") })
        #expect(
            graph.value.settingJSON
                == #"{"broker": "redis://\"h\"", "backend": "rpc://", "workers": [{"name": "a", "slots": 2}, "#
                + #"{"name": "b", "slots": 9}, {"name": "c", "slots": 1}]}"#
        )
        #expect(FleetGraph.generic("redis://h/0", "Broker") == "Broker (redis://)")
    }
}

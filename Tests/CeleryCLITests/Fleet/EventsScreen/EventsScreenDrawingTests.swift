//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Testing

@testable import CeleryCLI

@Suite("Drawing the screen of events")
struct EventsScreenDrawingTests {
    /// Lines without the colours, which may be the only commands in them.
    private func plain(_ line: String) throws -> String {
        let plain = line.replacing(try Regex("\u{1B}\\[[0-9;]*m"), with: "")
        #expect(
            plain.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) },
            "\(line.debugDescription)"
        )
        return plain
    }

    @Test("At 80 columns")
    func eighty() {
        var screen = ScreenFleet.screen()
        screen.type("jjjjjjj")
        let lines = screen.render(width: 80, height: 24, colour: false)
        #expect(
            lines.map { String($0.reversed().drop { $0 == " " }.reversed()) } == [
                "celery events swift-celery 0.1.0                        redis://localhost:6379/0",
                "  UUID                        TASK             WORKER          TIME     STATE",
                "  7a202f39-5f49-46d4-b3c5-... ???              celery@web1     08:49:43 STARTED",
                "  7a202f39-5f49-46d4-b3c5-... evil\\x1b[2J\\x... celery@web2     08:49:42 SUCCESS",
                "  7a202f39-5f49-46d4-b3c5-... 日本語.タスク👍  celery@web1     08:49:41 RECEIVED",
                "  7a202f39-5f49-46d4-b3c5-... tasks.mail       celery@web2     08:49:40 REVOKED",
                "  7a202f39-5f49-46d4-b3c5-... tasks.sleep      celery@web1     08:49:39 STARTED",
                "  7a202f39-5f49-46d4-b3c5-... p[.]resize_image celery@web2     08:49:38 FAILURE",
                "> 7a202f39-5f49-46d4-b3c5-... tasks.add        celery@web1     08:49:37 SUCCESS",
                "", "", "", "", "", "", "", "", "", "",
                String(repeating: "-", count: 80),
                "Selected: args=(2, 3) kwargs={'deep': True} retries=0 result=5 runtime=0.01",
                "Workers online: celery@web1, celery@web2",
                "Info: events:17 tasks:7 workers:2/3",
                "Keys: j:down k:up i:info t:traceback r:result c:revoke l:rate limit q:quit",
            ]
        )
    }

    @Test("At 200 columns nothing is shortened")
    func twoHundred() {
        var screen = ScreenFleet.screen()
        screen.type("jj")
        let lines = screen.render(width: 200, height: 24, colour: false)
        #expect(
            lines.map { String($0.reversed().drop { $0 == " " }.reversed()) } == [
                "celery events swift-celery 0.1.0                                                                                                                                                redis://localhost:6379/0",
                "  UUID                                 TASK                                                                    WORKER                                                                  TIME     STATE",
                "  7a202f39-5f49-46d4-b3c5-000000000007 ???                                                                     celery@web1                                                             08:49:43 STARTED",
                #"> 7a202f39-5f49-46d4-b3c5-000000000006 evil\x1b[2J\x07\u202e                                                   celery@web2                                                             08:49:42 SUCCESS"#,
                "  7a202f39-5f49-46d4-b3c5-000000000005 日本語.タスク👍                                                         celery@web1                                                             08:49:41 RECEIVED",
                "  7a202f39-5f49-46d4-b3c5-000000000004 tasks.mail                                                              celery@web2                                                             08:49:40 REVOKED",
                "  7a202f39-5f49-46d4-b3c5-000000000003 tasks.sleep                                                             celery@web1                                                             08:49:39 STARTED",
                "  7a202f39-5f49-46d4-b3c5-000000000002 proj.images.thumbnails.resize_image                                     celery@web2                                                             08:49:38 FAILURE",
                "  7a202f39-5f49-46d4-b3c5-000000000001 tasks.add                                                               celery@web1                                                             08:49:37 SUCCESS",
                "", "", "", "", "", "", "", "", "", "",
                String(repeating: "-", count: 200),
                #"Selected: args=(2, 3) kwargs={'deep': True} retries=0 result=\x1b]0;owned..."#,
                "Workers online: celery@web1, celery@web2",
                "Info: events:17 tasks:7 workers:2/3",
                "Keys: j:down k:up i:info t:traceback r:result c:revoke l:rate limit q:quit",
            ]
        )
        screen.type("k")
        #expect(screen.render(width: 200, height: 24, colour: false)[20] == "Selected: Missing extended info")
    }

    @Test("A long info points to the key for all of it")
    func longInfo() {
        var fleet = ScreenFleet.small
        fleet.apply(
            ScreenFleet.event(
                "task-received",
                ["uuid": "long", "name": "t", "args": .string(String(repeating: "日", count: 500))],
                at: 60
            )
        )
        var screen = ScreenFleet.screen(fleet)
        screen.type("j")
        let line = screen.render(width: 80, height: 24, colour: false)[20]
        #expect(line.hasSuffix("日... -> key i") && ScreenText.width(line) <= 80)
        screen.type("i")
        #expect(screen.text.contains("args: \n    日日"))
    }

    @Test("With colours the same text is there", arguments: [80, 200])
    func colours(width: Int) throws {
        var screen = ScreenFleet.screen()
        screen.type("jj")
        let coloured = screen.render(width: width, height: 24, colour: true)
        #expect(try coloured.map(plain) == screen.render(width: width, height: 24, colour: false))
        #expect(coloured.contains { $0.contains("\u{1B}[31mFAILURE") })
        #expect(coloured[3].hasPrefix("\u{1B}[7m> ") && coloured[3].hasSuffix("\u{1B}[7;32mSUCCESS \u{1B}[0m"))
        #expect(screen.render(width: width, height: 24, colour: false).allSatisfy { !$0.contains("\u{1B}") })
    }

    private static let sizes = [
        (0, 0), (1, 1), (2, 2), (5, 3), (20, 5), (26, 4), (43, 7), (60, 9), (80, 12), (80, 24), (300, 100),
    ]

    @Test("Every page fits every size, down to nothing, and is as high as the screen")
    func sizes() throws {
        var fleet = ScreenFleet.small
        let fields: CeleryObject = [
            "uuid": "x\u{1B}[H", "name": "\u{1B}c", "traceback": "\u{1B}[?1049l\n👍\u{301}",
        ]
        fleet.apply(ScreenFleet.event("task-failed", fields, at: 70))
        for keys in ["", "j", "ji", "jt", "jr", "jc", "jl", "G"] {
            var screen = ScreenFleet.screen(fleet)
            screen.type(keys)
            for (width, height) in Self.sizes {
                for colour in [false, true] {
                    let lines = screen.render(width: width, height: height, colour: colour)
                    #expect(lines.count == (width > 0 ? height : 0), "\(keys) \(width)x\(height)")
                    for line in lines {
                        #expect(ScreenText.width(try plain(line)) <= width, "\(keys) \(width)x\(height): \(line)")
                    }
                }
            }
        }
    }

    @Test("At 20 by 5 there are names and states, and a question has its line")
    func tiny() {
        var screen = ScreenFleet.screen()
        screen.type("jj")
        #expect(
            screen.render(width: 20, height: 5, colour: false) == [
                "  TASK      STATE", "  ???       STARTED ", "> evil\\x... SUCCESS ", "  日本語... RECEIVED",
                "events:17 tasks:7...",
            ]
        )
        screen.type("c")
        #expect(screen.render(width: 20, height: 5, colour: false).last == "Revoke ev...? (y/n) ")
    }

    @Test("In thousands of tasks the selected one is in sight")
    func thousands() {
        var screen = ScreenFleet.screen(ScreenFleet.large(9000))
        screen.type("G")
        #expect(screen.text.contains("> 7a202f39-5f49-46d4-b3c5-... tasks.number1 "))
        screen.type(.pageUp)
        for _ in 0..<20 { screen.type(.pageUp) }
        #expect(screen.render(width: 80, height: 24, colour: false).contains { $0.hasPrefix("> ") })
        var empty = ScreenFleet.screen(ClusterState())
        #expect(empty.text.contains("No workers discovered."))
        empty.isListening = false
        #expect(empty.text.contains("Connecting to the broker...") && !empty.text.contains("No workers"))
    }

    @Test(
        "Columns fill the row, and a narrow one leaves some out",
        arguments: [(0, 0), (5, 0), (12, 0), (13, 1), (26, 2), (42, 2), (43, 3), (58, 3), (59, 4), (78, 4), (198, 4)]
    )
    func columns(width: Int, separators: Int) {
        let columns = ListColumns(width: width)
        let all = [columns.id, columns.task, columns.worker, columns.time, columns.state]
        #expect(all.reduce(0, +) + separators == width)
        #expect(all.allSatisfy { $0 >= 0 })
        #expect(all.filter { $0 > 0 }.count == (width == 0 ? 0 : separators + 1))
    }

    @Test(
        "A task's name keeps its last part",
        arguments: [
            ("tasks.add", 9, "tasks.add"), ("proj.images.resize", 12, "pro[.]resize"),
            ("proj.resize", 8, "proj.resize"),
            ("a.b\u{1B}.c", 5, "a[.]c"), (nil, 9, "???"), ("", 9, "???"), ("nodots", 3, "nodots"),
        ] as [(String?, Int, String)]
    )
    func names(name: String?, width: Int, shortened: String) {
        #expect(ListColumns.shortened(name, width) == shortened)
    }
}

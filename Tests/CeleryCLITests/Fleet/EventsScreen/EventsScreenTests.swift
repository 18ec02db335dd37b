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

@Suite("Keys of the screen of events")
struct EventsScreenTests {
    @Test("The newest task is first; j, k, arrows and page keys move, and stay within the list")
    func moving() {
        var screen = ScreenFleet.screen()
        #expect(screen.order.first == ScreenFleet.uuid(7) && screen.order.count == 7)
        #expect(screen.selected == nil)
        screen.type("j")
        #expect(screen.position == 0)
        screen.type("jJ")
        #expect(screen.position == 2)
        screen.type(.down, .down)
        #expect(screen.position == 4)
        screen.type("kK")
        #expect(screen.position == 2)
        screen.type(.up, .up, .up)
        #expect(screen.position == 0)
        screen.type("G")
        #expect(screen.position == 6)
        screen.type(.down, .pageDown)
        #expect(screen.position == 6)
        screen.type(.home)
        #expect(screen.position == 0)
        screen.type(.end, .pageUp)
        #expect(screen.position == 0)
        screen.type(.escape)
        #expect(screen.selected == nil)
    }

    @Test("A page is what the list shows")
    func pages() {
        var screen = ScreenFleet.screen(ScreenFleet.large(5000))
        screen.type("j")
        let rows = ScreenLayout(height: 24).rows
        screen.type(.pageDown, .pageDown)
        #expect(screen.position == 2 * rows)
        screen.type(" ")
        #expect(screen.position == 3 * rows)
        screen.type(.pageUp)
        #expect(screen.position == 2 * rows)
    }

    @Test("The selection stays with its task when others come, and goes with it")
    func selection() {
        var fleet = ScreenFleet.small
        var screen = ScreenFleet.screen()
        screen.type("jj")
        let id = screen.selected
        for number in 20..<30 {
            fleet.apply(ScreenFleet.event("task-received", ["uuid": .string(ScreenFleet.uuid(number))], at: number))
        }
        screen.update(fleet, at: ScreenFleet.start)
        #expect(screen.selected == id && screen.position == 11)
        fleet.clear()
        screen.update(fleet, at: ScreenFleet.start)
        #expect(screen.selected == nil && screen.position == nil)
    }

    @Test("Without a selected task the keys for one ring, and with one only that of a traceback where there is none")
    func ringing() {
        var screen = ScreenFleet.screen()
        for key in ["i", "t", "r", "c", "l"] { #expect(screen.type(key) == .ring) }
        #expect(screen.type("z") == nil && screen.type("é") == nil)
        // The last event of the unnamed task.
        screen.type("j")
        #expect(screen.type("t") == .ring)
        #expect(screen.type("l") == .ring)
        #expect(screen.page == .list && screen.prompt == nil)
    }

    @Test("A state and fields of the app's own are shown, and command no terminal")
    func ownStates() {
        var state = ScreenFleet.small
        let fields: CeleryObject = ["uuid": .string(ScreenFleet.uuid(7)), "percent": 40, "no\u{1B}te": "half\u{7}"]
        state.apply(ScreenFleet.event("task-progress", fields, at: 8))
        var screen = ScreenFleet.screen(state)
        #expect(screen.text.contains("PROGRESS"))
        screen.type(.home)
        screen.type("i")
        #expect(screen.text.contains("percent: 40") && screen.text.contains("no\\x1bte: half\\x07"), "\(screen.text)")
        #expect(screen.text.contains("state: PROGRESS"))
    }

    private func on(_ number: Int) -> EventsScreen {
        var screen = ScreenFleet.screen()
        screen.type(.home)
        while screen.selected != ScreenFleet.uuid(number) { screen.type("j") }
        return screen
    }

    @Test("i, t and r open their pages, and any key goes back")
    func details() {
        var screen = on(2)
        screen.type("i")
        #expect(screen.page == .info(id: ScreenFleet.uuid(2)))
        #expect(screen.text.contains("exception: KeyError('size')") && screen.text.contains("state: FAILURE"))
        #expect(screen.type("q") == nil)
        #expect(screen.page == .list)
        screen.type("t")
        #expect(screen.text.contains("Traceback (most recent call last):\n  File \"x.py\"\nKeyError\n"))
        screen.type(.escape)
        screen.type("r")
        #expect(screen.text.contains("Task Result for \(ScreenFleet.uuid(2))\n\nKeyError('size')"))
        screen.type(.enter)
        #expect(screen.page == .list)
        screen.type(.enter)
        #expect(screen.page == .info(id: ScreenFleet.uuid(2)))
    }

    @Test("A page that is too long is read with the same keys")
    func scrolling() {
        var fleet = ScreenFleet.small
        let lines = (1...100).map { "line \($0)" }.joined(separator: "\n")
        fleet.apply(ScreenFleet.event("task-failed", ["uuid": "long", "traceback": .string(lines)], at: 50))
        var screen = ScreenFleet.screen(fleet)
        screen.type("jt")
        #expect(screen.text.contains("line 21\nPress any key to continue... (j:down k:up, line 1 of 102)"))
        screen.type("j")
        #expect(screen.text.contains("line 22\nPress"))
        screen.type(.pageDown)
        #expect(screen.text.contains("line 45\nPress"))
        screen.type(.end)
        #expect(screen.text.contains("line 100\nPress"))
        screen.type(.pageDown, .up)
        #expect(screen.text.contains("line 99\nPress"))
        screen.type(.home, .up)
        #expect(screen.scroll == 0)
    }

    @Test("Revoking is asked about, one command at a time, and the replies are shown")
    func revoking() {
        var screen = on(3)
        #expect(screen.type("c") == nil)
        #expect(screen.text.hasSuffix("Revoke tasks.sleep \(ScreenFleet.uuid(3))? (y/n) "))
        #expect(screen.type("n") == nil)
        #expect(screen.prompt == nil)
        #expect(screen.type("cy") == .revoke(id: ScreenFleet.uuid(3)))
        #expect(screen.text.hasSuffix("Waiting for replies..."))
        #expect(screen.type("c") == .ring && screen.type("l") == .ring)
        #expect(screen.isWaiting)
        screen.show([
            ControlReply(hostname: "celery@web1", value: ["ok": "tasks 1 flagged as revoked"]),
            ControlReply(hostname: "celery@web2", value: ["error": "no\u{1B}c"]),
        ])
        #expect(
            screen.text.hasPrefix(
                "Remote Control Command Replies\n\ncelery@web1: tasks 1 flagged as revoked\ncelery@web2: no\\x1bc\n"
            )
        )
        screen.type("x")
        #expect(screen.page == .list && !screen.isWaiting)
        screen.show([])
        #expect(screen.text.contains("No replies received in 1s deadline."))
    }

    @Test("A rate limit is typed in the last line")
    func rateLimit() {
        var screen = on(1)
        screen.type("l")
        #expect(screen.text.hasSuffix("New rate limit: _"))
        screen.type("10/x")
        screen.type(.backspace)
        screen.type("m")
        #expect(screen.text.hasSuffix("New rate limit: 10/m_"))
        #expect(screen.type(.enter) == .rateLimit(task: "tasks.add", limit: "10/m"))
        screen.fail("the broker is away")
        #expect(screen.text.hasSuffix("the broker is away"))
        screen.type("j")
        #expect(screen.text.hasSuffix("q:quit"))
        screen.type("k")
        screen.type("l")
        #expect(screen.type(.enter) == nil && screen.prompt == nil)
        screen.type("l5")
        screen.type(.escape)
        #expect(screen.prompt == nil)
        screen.type("l")
        #expect(screen.type(String(repeating: "1", count: 40)) == .ring)
    }

    @Test("Ctrl+C, Ctrl+Z and Ctrl+L are heard everywhere, q in the list")
    func leaving() {
        for keys in ["", "ji", "jjc", "jjl"] {
            var screen = ScreenFleet.screen()
            screen.type(keys)
            #expect(screen.type(.interrupt) == .quit)
            #expect(screen.type(.suspend) == .suspend)
            #expect(screen.type(.redraw) == .redraw)
        }
        var screen = ScreenFleet.screen()
        #expect(screen.type("q") == .quit && screen.type("Q") == .quit)
    }
}

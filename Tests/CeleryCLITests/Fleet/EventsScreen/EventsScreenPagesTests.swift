//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Foundation
import Testing

@testable import CeleryCLI

/// Every page of the screen as somebody has looked at it: docs/evidence/screens.md. A change to one has to be looked at again: with
/// `CELERY_WRITE_SCREENS` set, the test writes the pages anew.
@Suite("Pages of the screen of events")
struct EventsScreenPagesTests {
    private static let pages: [(name: String, number: Int?, keys: String)] = [
        ("list", 2, ""), ("info", 1, "i"), ("info of a failure", 2, "i"), ("traceback", 2, "t"), ("result", 1, "r"),
        ("no result yet", 3, "r"), ("revoke", 3, "c"), ("rate limit", 3, "l10/m"), ("waiting for replies", 3, "cy"),
    ]

    private static let replies: [ControlReply] = [
        ControlReply(hostname: "celery@web1", value: ["ok": "tasks unknown"]),
        ControlReply(hostname: "celery@web2", value: ["error": "unknown task"]),
    ]

    private static func screens() -> [(name: String, screen: EventsScreen)] {
        var screens = pages.map { page in
            var screen = ScreenFleet.screen()
            screen.type(.home)
            while let number = page.number, screen.selected != ScreenFleet.uuid(number) { screen.type("j") }
            screen.type(page.keys)
            return (name: page.name, screen: screen)
        }
        var answered = screens[screens.count - 1].screen
        answered.show(replies)
        screens.append((name: "replies", screen: answered))
        answered.show([])
        screens.append((name: "no replies", screen: answered))
        return screens
    }

    /// Rows without what is blank at their ends; of colours each command, spelled out.
    private static func text(width: Int, colour: Bool) -> String {
        var text = ""
        for (name, screen) in screens() {
            text += "==== \(name), \(width) columns\(colour ? ", in colour" : "")\n"
            for line in screen.render(width: width, height: 24, colour: colour) {
                let shown = line.replacing("\u{1B}[", with: "{")
                text += String(shown.reversed().drop { $0 == " " }.reversed()) + "\n"
            }
        }
        return text
    }

    @Test("They are as they were looked at, at 80 and 200 columns, in colour and without")
    func pages() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for (width, colour) in [(80, false), (80, true), (200, false), (200, true)] {
            let file = folder.appending(path: "Fixtures/screens-\(width)\(colour ? "-colour" : "").txt")
            let text = Self.text(width: width, colour: colour)
            if ProcessInfo.processInfo.environment["CELERY_WRITE_SCREENS"] != nil {
                try text.write(to: file, atomically: true, encoding: .utf8)
            }
            #expect(text == (try String(contentsOf: file, encoding: .utf8)), "\(file.lastPathComponent)")
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import Testing

@testable import CeleryCLI

@Suite struct FileNameTests {
    @Test(arguments: [
        ("%n.log", "w1.log"), ("%h/%d", "test.example.org/example.org"), ("%p", "w1@test.example.org"),
        ("%n%I-%i", "w1-0"),
        ("100%%", "100%"), ("%", "%"), ("%x", "%x"), ("", ""),
    ])
    func placeholdersStandForTheNode(pattern: String, name: String) {
        #expect(FileName.expand(pattern, node: "w1@test.example.org") == name)
    }

    @Test func aBannerNamesPoolQueuesAndTasks() {
        let banner = WorkerBanner(
            hostname: "w@h",
            app: "proj",
            transport: "/srv/celery.sqlite",
            results: "/srv/celery.sqlite",
            concurrency: "{min=2, max=8} (prefork)",
            taskEvents: true,
            queues: [Queue("celery"), Queue("feeds", exchange: Exchange("news", .topic), routingKey: "feed.#")],
            tasks: nil,
            platform: "Linux",
            time: "2026-11-22 12:00:00"
        )
        let text = banner.text(terminal: Terminal(usesColour: false))
        #expect(text.contains(" .> concurrency: {min=2, max=8} (prefork)\n .> task events: ON\n"))
        #expect(text.contains(" .> feeds            exchange=news(topic) key=feed.#\n"))
        #expect(!text.contains("[tasks]"))
        #expect(banner.text(terminal: Terminal(usesColour: true)).contains("\u{1B}[1;32mw@h\u{1B}[0m"))
    }
}

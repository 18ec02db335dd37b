//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Testing

@testable import CeleryKit

@Suite("What wins where options of caller, task and settings meet")
struct SendOptionTests {
    private func message(
        _ taskOptions: TaskOptions = TaskOptions(),
        _ options: SendOptions = SendOptions(),
        _ configure: (inout CelerySettings) -> Void = { _ in }
    ) throws -> Message {
        try PlannedCanvas(configure).app.sender
            .build(task: "t", body: TaskBody(), taskOptions: taskOptions, options: options).message
    }

    @Test("A time of expiry that the caller names comes before the task's span, a span of the caller's before both")
    func expiry() throws {
        let task = TaskOptions(expires: .seconds(60))
        let moment = try #require(Timestamp(iso8601: "2040-01-02T03:04:05+00:00"))
        #expect(
            try message(task, SendOptions(expiresAt: moment)).headers.expires?.hasPrefix("2040-01-02T03:04:05") == true
        )
        let span = try #require(try message(task, SendOptions(expires: .seconds(5), expiresAt: moment)).headers.expires)
        #expect(!span.hasPrefix("2040"))
        #expect(try message(task).headers.expires != nil)
    }

    @Test("Priority: the caller's, the task's, the parent's where it is inherited, the default, none")
    func priority() throws {
        func settings(_ settings: inout CelerySettings) {
            settings.taskDefaultPriority = 4
            settings.taskInheritParentPriority = true
        }
        #expect(try message().properties.priority == 0)
        #expect(try message(configure: settings).properties.priority == 4)
        #expect(try message(TaskOptions(priority: 2), configure: settings).properties.priority == 2)
        #expect(try message(TaskOptions(priority: 2), SendOptions(priority: 1), settings).properties.priority == 1)
    }

    @Test("A default rate limit that is none is refused, and the right form is named")
    func rateLimit() {
        for wrong in ["10/x", "fast", "/s"] {
            var settings = CelerySettings()
            let error = #expect(throws: SettingsError.self) {
                try settings.set("task_default_rate_limit", to: .string(wrong))
            }
            #expect(error.map { "\($0)".contains(wrong) && "\($0)".contains("/m") } == true)
        }
    }
}

extension SendOptionTests {
    private func message(
        _ taskOptions: TaskOptions = TaskOptions(),
        configure: (inout CelerySettings) -> Void
    ) throws -> Message { try message(taskOptions, SendOptions(), configure) }
}

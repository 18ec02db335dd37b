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

    @Test("What only the caller can say stands in the message as Celery has it")
    func callersOwn() throws {
        let options = SendOptions(
            deliveryMode: 1,
            headers: ["tenant": "blue"],
            shadow: "other name",
            groupID: "g",
            groupIndex: 3,
            replyTo: "mailbox",
            retries: 2,
            argsRepr: "(…)",
            kwargsRepr: "{…}",
            origin: "here",
            properties: ["app_id": "shop"]
        )
        let message = try message(TaskOptions(), options)
        #expect(message.properties.deliveryMode == 1)
        #expect(message.properties.replyTo == "mailbox")
        #expect(message.properties.custom == ["app_id": "shop"])
        #expect(message.headers.custom == ["tenant": "blue"])
        #expect(message.headers.shadow == "other name")
        #expect(message.headers.group == "g" && message.headers.groupIndex == 3)
        #expect(message.headers.retries == 2)
        #expect(message.headers.argsRepr == "(…)" && message.headers.kwargsRepr == "{…}")
        #expect(message.headers.origin == "here")
        let plain = try self.message()
        #expect(plain.properties.deliveryMode == 2)
        #expect(plain.headers.argsRepr == "()" && plain.headers.kwargsRepr == "{}")
        #expect(plain.headers.origin?.isEmpty == false && plain.properties.replyTo?.isEmpty == false)
    }

    @Test("Compression: the caller's, the task's, task_compression; the message says which, and decodes")
    func compression() throws {
        func settings(_ settings: inout CelerySettings) { settings.taskCompression = "zlib" }
        for message in [
            try message(configure: settings), try message(TaskOptions(compression: "zlib")),
            try message(TaskOptions(), SendOptions(compression: "gzip")),
        ] {
            #expect(message.headers.compression == "application/x-gzip")
            #expect(message.body.first == 0x78, "a zlib stream")
            let body = try WireCodec().decodeBody(of: message)
            #expect(body == TaskBody())
        }
        #expect(try message().headers.compression == nil)
        let error = #expect(throws: CeleryError.self) { try message(TaskOptions(), SendOptions(compression: "rar")) }
        #expect(
            error?.message.contains("'rar' is not registered; known are zlib") == true,
            "\(String(describing: error))"
        )
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

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

    @Test("What a route of a settings file says reaches the message: where it goes, and how")
    func dataRoute() throws {
        let route: CeleryValue = [
            "exchange": "media", "routing_key": "m.1", "priority": 3, "serializer": "msgpack", "compression": "zlib",
            "delivery_mode": 1, "ignore_result": true, "time_limit": 9, "soft_time_limit": 4.5, "expires": 60,
        ]
        var read = CelerySettings()
        try read.set("task_routes", to: [[["t*", route], ["other", "q"]]])
        let routes = read.taskRoutes
        let sent = try message(configure: { $0.taskRoutes = routes })
        #expect(sent.properties.exchange == "media")
        #expect(sent.properties.routingKey == "m.1")
        #expect(sent.properties.priority == 3)
        #expect(sent.properties.deliveryMode == 1)
        #expect(sent.contentType == "application/x-msgpack")
        #expect(sent.headers.compression == "application/x-gzip")
        #expect(sent.headers.ignoreResult == true)
        #expect(sent.headers.timeLimit == TimeLimits(hard: 9, soft: 4.5))
        #expect(sent.properties.expiration == "60000" && sent.headers.expires != nil)
        // What the caller says wins over it, as ever.
        let own = try message(TaskOptions(), SendOptions(deliveryMode: 2)) { $0.taskRoutes = routes }
        #expect(own.properties.deliveryMode == 2 && own.properties.exchange == "media")
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

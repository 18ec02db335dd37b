//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("Protocol 1")
struct LegacyProtocolTests {
    private let legacy: CeleryValue = [
        "task": "tasks.add", "id": "id-1", "args": [2, "x"], "kwargs": ["k": nil], "retries": 1,
        "eta": "2030-01-02T03:04:05", "expires": nil, "utc": true, "timelimit": [30, 20.5], "taskset": "group-1",
        "callbacks": [["task": "cb"]], "errbacks": nil, "chord": ["task": "body"],
    ]

    private func check(_ message: Message) throws {
        #expect(message.headers.task == "tasks.add")
        #expect(message.headers.id == "id-1")
        #expect(message.headers.group == "group-1")
        #expect(message.headers.eta == "2030-01-02T03:04:05")
        #expect(message.headers.retries == 1)
        #expect(message.headers.timeLimit == TimeLimits(hard: 30, soft: 20.5))
        #expect(message.headers.argsRepr == "(2, 'x')")
        #expect(message.headers.kwargsRepr == "{'k': None}")
        #expect(message.headers.compression == nil)
        let body = try WireCodec(acceptContent: ["json", "msgpack"]).decodeBody(of: message)
        #expect(try body.arguments.map { try $0.value() } == [2, "x"])
        #expect(body.keywords.map(\.name) == ["k"])
        #expect(body.embed.callbacks.map(\.task) == ["cb"])
        #expect(body.embed.chord?.task == "body")
        #expect(body.embed.chain == nil)
    }

    private func envelope(_ body: [UInt8], _ contentType: String, _ headers: String) -> [UInt8] {
        Array(
            (#"{"body": "\#(Base64.encode(body))", "content-type": "\#(contentType)", "headers": \#(headers), "#
                + #""properties": {"body_encoding": "base64"}}"#)
                .utf8
        )
    }

    @Test("is converted from JSON and from msgpack")
    func converted() throws {
        let json = try JSONSerializer().encode(legacy)
        try check(try Envelope.decode(envelope(json, "application/json", "{}")))
        try check(try Envelope.decode(envelope(json, "application/json", "null")))
        let packed = try MessagePackSerializer().encode(legacy)
        try check(try Envelope.decode(envelope(packed, "application/x-msgpack", "{}")))
    }

    @Test("is converted from a compressed body")
    func compressed() throws {
        let body = try ZlibCompression().compress(try JSONSerializer().encode(legacy))
        try check(
            try Envelope.decode(envelope(body, "application/json", #"{"compression": "application/x-gzip"}"#))
        )
    }

    @Test("is converted from an AMQP header table")
    func table() throws {
        try check(try Message(headerTable: ["x": 1], body: try JSONSerializer().encode(legacy)))
    }

    @Test("in a hybrid the headers win over the body")
    func hybrid() throws {
        let json = try JSONSerializer().encode(legacy)
        let message = try Envelope.decode(
            envelope(json, "application/json", #"{"task": "other", "id": "id-2", "retries": 5, "X": "y"}"#)
        )
        #expect(message.headers.task == "other")
        #expect(message.headers.id == "id-2")
        #expect(message.headers.retries == 5)
        #expect(message.headers.custom == ["X": "y"])
        #expect(message.headers.group == "group-1")
        #expect(try WireCodec().decodeBody(of: message).arguments.count == 2)
    }

    @Test("without task and id, or with kwargs that are no object, is refused")
    func refused() throws {
        for bad in ["{}", #"{"task": "t"}"#, #"{"id": "1"}"#, #"{"task": "t", "id": "1", "kwargs": 3}"#, "3"] {
            #expect(throws: WireError.self) {
                try Envelope.decode(envelope(Array(bad.utf8), "application/json", "{}"))
            }
        }
        let error = #expect(throws: WireError.self) {
            try Envelope.decode(envelope([0x80, 4], "application/x-python-serialize", "{}"))
        }
        #expect(error?.code == .unsupported)
    }
}

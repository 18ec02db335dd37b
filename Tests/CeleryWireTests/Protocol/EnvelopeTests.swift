//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Testing

@testable import CeleryWire

@Suite("Envelope")
struct EnvelopeTests {
    private func decode(_ text: String) throws -> Message { try Envelope.decode(Array(text.utf8)) }

    private let body = Base64.encode(Array(#"[[1], {}, null]"#.utf8))

    @Test("missing parts get defaults")
    func defaults() throws {
        let message = try decode(
            #"{"body": "\#(body)", "headers": {"task": "t", "id": "1"}, "properties": {"body_encoding": "base64"}}"#
        )
        #expect(message.contentType == "application/json")
        #expect(message.contentEncoding == "utf-8")
        #expect(message.properties == MessageProperties(priority: nil))
        #expect(message.headers.retries == 0)
        #expect(message.headers.ignoreResult == nil)
        #expect(try WireCodec().decodeBody(of: message).arguments.count == 1)
    }

    @Test("a body that is not base64 is its own text")
    func plainBody() throws {
        let message = try decode(#"{"body": "[[\"\\u00e9\"], {}, {}]", "headers": {"task": "t", "id": "1"}}"#)
        #expect(text(message.body) == #"[["\u00e9"], {}, {}]"#)
        let bare = try decode(#"{"headers": {"task": "t", "id": "1"}, "body": [[1], {}, null]}"#)
        #expect(text(bare.body) == "[[1], {}, null]")
    }

    @Test("unknown headers and properties are kept, unknown members dropped")
    func unknown() throws {
        let message = try decode(
            #"{"x": [1], "body": "\#(body)", "headers": {"id": "1", "task": "t", "X-Trace": {"a": [1]}, "n": 2.5}, "#
                + #""properties": {"body_encoding": "base64", "app_id": "me", "delivery_info": {"priority": 3, "x": 1}}}"#
        )
        #expect(message.headers.custom == ["X-Trace": ["a": [1]], "n": 2.5])
        #expect(message.properties.custom == ["app_id": "me"])
        #expect(message.properties.priority == 3)
        let again = try Envelope.decode(Envelope.encode(message))
        #expect(again == message)
    }

    @Test("redelivery is seen in the headers and in delivery_info, and written to both")
    func redelivered() throws {
        for mark in [
            #""headers": {"task": "t", "id": "1", "redelivered": true}, "properties": {"body_encoding": "base64"}"#,
            #""headers": {"task": "t", "id": "1"}, "properties": {"body_encoding": "base64", "delivery_info": {"redelivered": true}}"#,
        ] {
            let message = try decode(#"{"body": "\#(body)", \#(mark)}"#)
            #expect(message.properties.redelivered)
            #expect(message.headers.custom.isEmpty)
            let written = text(Envelope.encode(message))
            #expect(written.components(separatedBy: #""redelivered": true"#).count == 3)
        }
    }

    @Test(
        "what is no task message is refused with the reason",
        arguments: [
            ("", "malformed"), ("[]", "malformed"), ("{}", "missingValue"), ("{\"body\": 1}", "missingValue"),
            (
                #"{"body": "!!", "headers": {"task": "t", "id": "1"}, "properties": {"body_encoding": "base64"}}"#,
                "malformed"
            ),
            (#"{"body": "[]", "headers": {"task": "t"}}"#, "missingValue"),
            (#"{"body": "[]", "headers": {"task": null, "id": "1"}}"#, "malformed"),
            (#"{"body": "[]", "headers": {"task": "t", "id": "1", "retries": "x"}}"#, "malformed"),
            (#"{"body": "[]", "headers": {"task": "t", "id": "1", "timelimit": [1, 2, 3]}}"#, "malformed"),
            (#"{"body": "[]", "headers": []}"#, "malformed"),
            (
                #"{"body": "[]", "headers": {"task": "t", "id": "1"}, "properties": {"body_encoding": "rot13"}}"#,
                "unsupported"
            ),
            (#"{"body": "[]", "headers": {"task": "t", "id": "1"}} x"#, "malformed"),
            (#"{"body": "[1]", "headers": {}}"#, "missingValue"),
            (#"{"body": "{\"a\": 1}", "headers": null}"#, "missingValue"),
            (#"{"headers": {"task": "t", "id": "1"}}"#, "missingValue"),
        ]
    )
    func refused(_ envelope: String, _ code: String) {
        let error = #expect(throws: WireError.self) { try decode(envelope) }
        #expect(error?.code.description == code, "\(envelope)")
    }

    @Test("a body of another shape than three elements is malformed")
    func bodyShape() {
        for bad in [
            "[]", "[[], {}]", "[[], {}, {}, {}]", "{}", "1", "[1, {}, {}]", "[[], [], {}]", "[[], null, {}]",
            "[[], {}, 1]",
        ] {
            let error = #expect(throws: WireError.self) {
                try TaskBody.decode(json: Array(bad.utf8), limits: .standard)
            }
            #expect(error?.code == .malformed, "\(bad)")
        }
    }

    @Test("embed may be null, empty or lack keys, and args a string")
    func bodyVariants() throws {
        for embed in ["null", "{}", #"{"chain": null}"#, #"{"x": 1}"#] {
            let body = try TaskBody.decode(json: Array("[[], {}, \(embed)]".utf8), limits: .standard)
            #expect(body.embed == TaskBody.Embed())
        }
        let spread = try TaskBody.decode(
            json: Array(#"["aé", {"k": 1, "k": 2}, {"chain": []}]"#.utf8),
            limits: .standard
        )
        #expect(try spread.arguments.map { try $0.value() } == ["a", "é"])
        #expect(try spread.keywords.map { try $0.value.decode(as: Int.self) } == [2])
        #expect(spread.embed.chain == [])
    }

    @Test("a signature needs only a task and keeps what it does not know")
    func signatures() throws {
        let text =
            #"[[], {}, {"callbacks": [{"task": "t", "args": null, "extra": [1]}], "chord": {"task": "c", "options": {"link": {"task": "l"}}}}]"#
        let body = try TaskBody.decode(json: Array(text.utf8), limits: .standard)
        #expect(body.embed.callbacks == [Signature(task: "t", custom: ["extra": [1]])])
        #expect(body.embed.chord?.options == ["link": ["task": "l"]])
        let value = try body.embed.callbacks[0].value()
        #expect(try Signature(value) == body.embed.callbacks[0])
        #expect(try EncodedValue(encoding: body.embed.callbacks).decode(as: [Signature].self)[0].task == "t")
        for bad in [#"{"callbacks": [{}]}"#, #"{"chord": 1}"#, #"{"chain": [{"task": 1}]}"#, #"{"chain": 3}"#] {
            #expect(throws: WireError.self) {
                try TaskBody.decode(json: Array("[[], {}, \(bad)]".utf8), limits: .standard)
            }
        }
    }
}

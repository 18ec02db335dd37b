//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Testing

@testable import CeleryCLI

@Suite("What a dead letter shows of its message")
struct DeadLetterMessageTests {
    private func letter(_ raw: [UInt8]) -> DeadLetter {
        DeadLetter(
            number: 7,
            taskID: "abc",
            taskName: "proj.add",
            queue: "celery",
            reason: DeadLetterReason("unregistered", "no task"),
            diedAt: Timestamp(microseconds: 0),
            deaths: 0,
            raw: raw
        )
    }

    private func message(serializer: String = "json", _ change: (inout Message) -> Void = { _ in }) throws -> [UInt8] {
        var headers = TaskHeaders(task: "proj.add", id: "abc")
        headers.retries = 2
        headers.origin = "gen1@here"
        var message = Message(
            headers: headers,
            properties: MessageProperties(correlationID: "abc", replyTo: ""),
            body: []
        )
        let body = TaskBody(
            arguments: [EncodedValue(2), EncodedValue(.array(["drei", .null]))],
            keywords: [TaskBody.Keyword("deep", EncodedValue(["a": ["b": ["c": ["d": true]]]]))],
            embed: TaskBody.Embed(callbacks: [Signature(task: "proj.tell")])
        )
        try WireCodec().encode(body, into: &message, serializer: serializer)
        change(&message)
        return Envelope.encode(message)
    }

    private func page(_ raw: [UInt8]) -> String { DeadLetterText.page(letter(raw), codec: WireCodec()) }

    @Test("Arguments and keywords are printed decoded and whole, not as base64", arguments: ["json", "msgpack"])
    func decoded(serializer: String) throws {
        let page = page(try message(serializer: serializer))
        for line in [
            "number:  7", "task:    proj.add[abc]", "args:    [2, ['drei', None]]",
            "kwargs:  {'deep': {'a': {'b': {'c': {'d': True}}}}}", "retries: 2", "origin:  gen1@here",
            "link:    proj.tell",
        ] {
            #expect(page.split(separator: "\n").contains(Substring(line)), "\(line)\n\(page)")
        }
        #expect(!page.contains("base64") && !page.contains("bytes:"))
    }

    @Test("Of a body that cannot be read the reason is printed, and its bytes")
    func undecodableBody() throws {
        let page = page(try message { $0.body = [0x5B, 0xFF, 0x0A] })
        #expect(page.contains("body:    application/json, not readable: "), "\(page)")
        #expect(page.contains("bytes:   b'[\\xff\\n'"), "\(page)")
        #expect(page.contains("origin:  gen1@here") && !page.contains("args:"))
        let pickled = self.page(try message { $0.contentType = "application/x-python-serialize" })
        #expect(pickled.contains("pickle can run any code"), "\(pickled)")
    }

    @Test("Bytes that are no message are printed as they are, without control characters")
    func unreadable() {
        let page = page(Array("\u{1B}[2Jgarbage".utf8))
        #expect(page.contains("message: not readable: "), "\(page)")
        #expect(page.contains("bytes:   b'\\x1b[2Jgarbage'"), "\(page)")
    }

    @Test("Names give no commands to a terminal; where there is none they are as they are")
    func commands() {
        var hostile = letter([])
        hostile.queue = "a\u{1B}[2Jb\nc"
        func page(_ isTerminal: Bool) -> String {
            DeadLetterText.page(hostile, codec: WireCodec(), isTerminal: isTerminal)
        }
        #expect(page(true).contains("queue:   a\\x1b[2Jb\\nc\n"), "\(page(true))")
        #expect(page(false).contains("queue:   a\u{1B}[2Jb\nc\n"))
    }

    @Test("What is very long is cut on the page, and whole in JSON")
    func long() throws {
        let text = String(repeating: "x", count: 10000)
        let raw = try message { message in
            message.body = Array(#"[["\#(text)"], {}, {}]"#.utf8)
        }
        #expect(page(raw).contains("xxx… (10004 bytes; --json prints all)"))
        let members = DeadLetterMessage(raw, codec: WireCodec()).members
        #expect(members["args"] == [.string(text)])
    }

    @Test("JSON has arguments, keywords and the stored bytes, in base64 where they are no text")
    func members() throws {
        let raw = try message()
        let members = DeadLetterMessage(raw, codec: WireCodec()).members
        #expect(members["args"] == [2, ["drei", .null]])
        #expect(members["kwargs"] == ["deep": ["a": ["b": ["c": ["d": true]]]]])
        #expect(members["message"] == .string(String(decoding: raw, as: UTF8.self)))
        let binary = DeadLetterMessage([0xFF, 0xFE], codec: WireCodec()).members
        #expect(binary["message"] == .null)
        #expect(binary["message_base64"] == "//4=")
        #expect(binary["args"] == nil)
    }
}

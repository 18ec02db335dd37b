//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

/// Messages spelled as Python does are read in a shorter way; any other spelling must give the same.
@Suite("Spellings of an envelope")
struct EnvelopeSpellingTests {
    /// A message, or the kind of error.
    private enum Outcome: Equatable {
        case message(Message)
        case refused(WireError.Code)

        init(_ bytes: [UInt8]) {
            do {
                var message = try Envelope.decode(bytes)
                // A body that is no text is kept as it is written.
                message.body.removeAll { $0 == 0x20 }
                self = .message(message)
            } catch {
                self = .refused(error.code)
            }
        }
    }

    /// The text with a space before every comma, colon and closing bracket outside of strings: read member by member.
    private static func spread(_ text: [UInt8]) -> [UInt8] {
        var spread: [UInt8] = []
        var inString = false
        var escaped = false
        for byte in text {
            if !inString, [0x2C, 0x3A, 0x7D, 0x5D].contains(byte) { spread.append(0x20) }
            spread.append(byte)
            if byte == UInt8(ascii: "\""), !escaped { inString.toggle() }
            escaped = byte == UInt8(ascii: "\\") && !escaped
        }
        return spread
    }

    private static func text(_ object: CeleryObject) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(object)
        return writer.bytes
    }

    private static func goldens() throws -> [[UInt8]] {
        try GoldenTaskTests.files.flatMap { try GoldenTaskTests.golden($0) }.map { Array($0.envelope.utf8) }
    }

    /// The object with one member null, absent, at the end, twice, or of a strange type.
    private static func variants(_ object: CeleryObject) -> [CeleryObject] {
        object.members.indices.flatMap { index in
            let (key, value) = object.members[index]
            var absent = CeleryObject()
            for member in object.members where member.key != key { absent.appendUnchecked(member.key, member.value) }
            var last = absent
            last.appendUnchecked(key, value)
            let others: [CeleryValue] = [
                .null, .int(7), .string("it's \"x\""), .bool(true), [.null, 1.5], ["a": .null],
            ]
            let replaced =
                others
                .map { (other: CeleryValue) in
                    var changed = object
                    changed[key] = other
                    return changed
                }
            var twice = object
            twice.appendUnchecked(key, value)
            var nullAgain = object
            nullAgain.appendUnchecked(key, .null)
            return [absent, last, twice, nullAgain] + replaced
        }
    }

    private static func expectSame(_ text: [UInt8]) {
        #expect(Outcome(text) == Outcome(spread(text)), "\(String(decoding: text, as: UTF8.self))")
    }

    @Test("every golden message reads the same with other white space")
    func goldens() throws {
        let all = try Self.goldens()
        #expect(all.count >= 160)
        for golden in all { Self.expectSame(golden) }
    }

    @Test("members changed, moved, left out or doubled read the same with other white space", arguments: [0, 40, 90])
    func members(_ place: Int) throws {
        let golden = try #require(try Fixture.json(Self.goldens()[place]).objectValue)
        for changed in Self.variants(golden) { Self.expectSame(Self.text(changed)) }
        for part in ["headers", "properties"] {
            let members = try #require(golden[part]?.objectValue)
            for changed in Self.variants(members) {
                var whole = golden
                whole[part] = .object(changed)
                Self.expectSame(Self.text(whole))
            }
        }
        let properties = try #require(golden["properties"]?.objectValue)
        for changed in Self.variants(try #require(properties["delivery_info"]?.objectValue)) {
            var whole = golden
            var around = properties
            around["delivery_info"] = .object(changed)
            whole["properties"] = .object(around)
            Self.expectSame(Self.text(whole))
        }
    }

    @Test("broken messages are read or refused alike with other white space")
    func broken() throws {
        // Not the golden ones: the mutator cuts what is longer than 600 bytes.
        let written = Envelope.encode(Message(headers: TaskHeaders(task: "t", id: "1", rootID: "1"), body: []))
        let whole = CeleryWireTests.text(written)
            .replacing(#", "shadow": null, "eta": null, "expires": null"#, with: "")
        #expect(whole.utf8.count <= 600)
        let seeds = (FuzzTests.envelopes + [whole]).map { Array($0.utf8) }
        var mutator = Mutator(generator: SplitMix(seed: 20_261_125))
        var read = 0
        for _ in 0..<40_000 {
            let input = mutator.next(seeds)
            let outcome = Outcome(input)
            if case .message = outcome { read += 1 }
            guard outcome != Outcome(Self.spread(input)) else { continue }
            Issue.record("\(String(decoding: input, as: UTF8.self))")
            return
        }
        #expect(read > 1000)
    }

    @Test("of a member that comes twice the last one counts, and nothing of the first")
    func twice() throws {
        let head = #"{"body": [1], "body": "W1tdLCB7fSwgbnVsbF0=", "headers": {"lang": "py", "task": "a", "id": "1", "#
        let text =
            head + #""eta": "x", "root_id": "1"}, "headers": {"lang": "py", "task": "b", "id": "2"}, "properties": "#
            + #"{"correlation_id": "c", "reply_to": "r", "delivery_tag": "t"}, "#
            + #""properties": {"correlation_id": "2", "body_encoding": "base64"}}"#
        let message = try Envelope.decode(Array(text.utf8))
        #expect(message.headers == TaskHeaders(task: "b", id: "2", lang: "py", ignoreResult: nil))
        #expect(message.properties == MessageProperties(correlationID: "2", priority: nil))
        #expect(CeleryWireTests.text(message.body) == "[[], {}, null]")
    }

    @Test("what repeats the id is read as that, and what only begins so is not")
    func repeated() throws {
        for (id, other) in [("abc", "abc"), ("abc", "abcd"), ("abc", "ab"), ("a\\\"c", "a\\\"c"), ("a", "a\\\"")] {
            let text =
                #"{"body": "[]", "headers": {"lang": "py", "task": "t", "id": "\#(id)", "root_id": "\#(other)"}, "#
                + #""properties": {"correlation_id": "\#(other)"}}"#
            let message = try Envelope.decode(Array(text.utf8))
            #expect(message.headers.id == id.filter { $0 != "\\" })
            #expect(message.headers.rootID == other.filter { $0 != "\\" })
            #expect(message.properties.correlationID == message.headers.rootID)
        }
    }

    @Test("a message cut anywhere is refused")
    func truncated() throws {
        let golden = try Self.goldens()[0]
        for end in golden.indices { #expect(throws: WireError.self) { try Envelope.decode(Array(golden[..<end])) } }
    }
}

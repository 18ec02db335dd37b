//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("Steps of a chain that are still to come")
struct ChainStepsTests {
    private func body(chain: String) throws -> TaskBody {
        let text = "[[1], {}, {\"callbacks\": null, \"errbacks\": null, \"chain\": \(chain), \"chord\": null}]"
        return try TaskBody.decode(json: Array(text.utf8), limits: .standard)
    }

    private func text(_ body: TaskBody) throws -> String {
        var writer = JSONWriter()
        try body.write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("What is not yet to run goes on letter for letter, in whatever spelling it came")
    func unchanged() throws {
        let later = #"{ "kwargs": {},"task":"c", "args": [1.0, "\u00e4"] , "unknown": [ 1 ]}"#
        var body = try body(chain: "[\(later) , {\"task\": \"b\", \"options\": {\"queue\": \"q\"}}]")
        let next = try body.embed.chain?.popNext()
        #expect(next == Signature(task: "b", options: ["queue": "q"]))
        #expect(try text(body).contains("\"chain\": [\(later)], "))
    }

    @Test("The last step of the wire comes first; when none is left, none comes")
    func order() throws {
        var chain = try #require(try body(chain: #"[{"task": "c"}, {"task": "b"}, {"task": "a"}]"#).embed.chain)
        chain.append(Signature(task: "now"))
        #expect(chain.count == 4)
        var order: [String] = []
        while let next = try chain.popNext() { order.append(next.task) }
        #expect(order == ["now", "a", "b", "c"])
        #expect(chain.isEmpty)
    }

    @Test("Text and values are equal when their signatures are; what comes later stands in front")
    func equality() throws {
        let read = try #require(
            try body(chain: #"[{"task":"c"},{"kwargs":{},"args":[],"task":"b","immutable":true}]"#).embed.chain
        )
        #expect(read == [Signature(task: "c"), Signature(task: "b", immutable: true)])
        #expect(read != [Signature(task: "c")])
        #expect(read != [Signature(task: "c"), Signature(task: "b")])
        let sum = try (["d"] + read).signatures().map(\.task)
        #expect(sum == ["d", "c", "b"])
    }

    @Test("No chain, an empty one and a single signature are told apart")
    func shapes() throws {
        #expect(try body(chain: "null").embed.chain == nil)
        #expect(try body(chain: "[]").embed.chain == [])
        #expect(try body(chain: #"{"task": "a"}"#).embed.chain == [Signature(task: "a")])
    }

    /// What is no signature is found when the message is read, not steps later.
    @Test(
        "A step that is no signature spoils the message at once, with what reading it would say",
        arguments: [
            "1", "null", "[]", "{}", #"{"args": []}"#, #"{"task": 1}"#, #"{"task": null}"#,
            #"{"task": "a", "args": 1}"#,
            #"{"task": "a", "args": {}}"#, #"{"task": "a", "kwargs": []}"#, #"{"task": "a", "options": "x"}"#,
            #"{"task": "a", "options": {"x": }}"#, #"{"task": "a", "subtask_type": []}"#,
            #"{"task": "a", "immutable": 1}"#,
            #"{"task": "a", "x": tru}"#, #"{"task": "a""#,
        ]
    )
    func malformed(step: String) throws {
        let read = error(step) { _ = try Signature(from: &$0, source: $1) }
        let checked = error(step) { reader, _ in try Signature.check(&reader) }
        #expect(read != nil)
        #expect(read?.code == checked?.code)
        #expect(throws: WireError.self) { try body(chain: "[{\"task\": \"b\"}, \(step)]") }
    }

    @Test(
        "A step that reading takes is taken",
        arguments: [
            #"{"task": "a"}"#, #"{"task": "a", "args": null, "kwargs": null, "options": null, "immutable": null}"#,
            #"{"task": "a", "args": "xyz"}"#, #"{"task": "a", "subtask_type": null}"#,
            #"{"task": "a", "subtask_type": 7}"#,
            #"{"task": "a", "task": "b", "args": [{"__type__": "datetime", "__value__": "2026-01-01T00:00:00"}]}"#,
        ]
    )
    func wellFormed(step: String) throws {
        #expect(error(step) { _ = try Signature(from: &$0, source: $1) } == nil)
        #expect(error(step) { reader, _ in try Signature.check(&reader) } == nil)
        let chain = try #require(try body(chain: "[\(step)]").embed.chain)
        #expect(try chain.signatures().count == 1)
    }

    private func error(_ text: String, _ read: (inout JSONReader, ArraySlice<UInt8>) throws -> Void) -> WireError? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { buffer in
            do {
                var reader = try JSONReader(buffer, limits: .standard)
                try read(&reader, bytes[...])
                return nil
            } catch {
                return error as? WireError
            }
        }
    }
}

extension ChainSteps {
    fileprivate static func + (later: [String], sooner: ChainSteps) -> ChainSteps {
        ChainSteps(later.map { Signature(task: $0) }) + sooner
    }
}

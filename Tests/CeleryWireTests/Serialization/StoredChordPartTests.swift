//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

struct StoredChordPartTests {
    private static let texts = [
        #"[1, "774ba0f0", "SUCCESS", 0]"#,
        #"[1, "a\"\u00e9", "SUCCESS", {"__type__": "decimal", "__value__": "1.10"}]"#,
        #"[1, "b", "FAILURE", {"exc_type": "ValueError", "exc_message": ["x"], "exc_module": "builtins"}]"#,
        #"[1, "c", "SUCCESS", [[["d", null], null], "\n", 1.5, -0.0, NaN]]"#,
    ]

    @Test(arguments: texts) func `a part goes out as it came in, and begins as its task's do`(_ text: String) throws {
        let part = try WireCodec().decodeStoredChordPart(Array(text.utf8))
        #expect(try part.json() == Array(text.utf8))
        #expect(text.utf8.starts(with: part.head))
        let other = StoredChordPart(taskID: part.taskID, state: "REVOKED", value: .null)
        #expect(try other.json().starts(with: part.head))
    }

    @Test func `a part in msgpack is read by whom it is permitted`() throws {
        let bytes = try MessagePackSerializer().encode([1, "a", "SUCCESS", ["b": nil]] as CeleryValue)
        let part = try WireCodec(acceptContent: ["msgpack"]).decodeStoredChordPart(bytes)
        #expect(part == StoredChordPart(taskID: "a", state: .success, value: EncodedValue(["b": nil])))
        let error = #expect(throws: WireError.self) { try WireCodec().decodeStoredChordPart(bytes) }
        #expect(error?.code == .contentDisallowed)
    }

    @Test(arguments: ["", "[", "[]", "{}", "null", "[1, 2, 3, 4]", #"[1, "a", "S"]"#, #"[1, "a", "S", 0, 0]"#, "\u{1}"])
    func `what is no part is refused`(_ text: String) {
        #expect(throws: WireError.self) { try WireCodec().decodeStoredChordPart(Array(text.utf8)) }
    }

    @Test func `a group is its results as a tuple`() throws {
        let tuple: CeleryValue = [["g", nil], [[["a", "g"], nil]]]
        let text = #"{"result": [["g", null], [[["a", "g"], null]]]}"#
        #expect(StoredGroup.json(tuple) == Array(text.utf8))
        #expect(try WireCodec().decodeStoredGroup(Array(text.utf8)) == tuple)
        for wrong in ["", "[]", "{}", "null", "{\"result\"}"] {
            #expect(throws: WireError.self) { try WireCodec().decodeStoredGroup(Array(wrong.utf8)) }
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

#if Compression
import CeleryCompression
#endif

@Suite("Golden results")
struct GoldenMetaTests {
    @Test(
        "every stored result decodes and encodes to the same bytes",
        arguments: ["results-5.7.json", "results-5.6.json"]
    )
    func results(_ file: String) throws {
        let metas = try #require(try Fixture.load(file)["metas"]?.arrayValue)
        #expect(metas.count >= 40)
        for element in metas {
            let name = "\(element["source"]?.stringValue ?? "") \(element["name"]?.stringValue ?? "")"
            let serializer = element["serializer"]?.stringValue ?? "json"
            let bytes = try Fixture.bytes(element["value"])
            let meta = try WireCodec().decodeMeta(bytes, serializer: serializer)
            if let (_, content) = CompressedResult.unmark(bytes) {
                let plain = try ZlibCompression().decompress(content, limit: 1 << 20)
                #expect(text(try WireCodec().encode(meta)) == text(plain), "\(name)")
            } else {
                let again = try WireCodec().encode(meta, serializer: serializer)
                // A task revoked before it started has null for children; an empty list says the same.
                let expected = text(bytes).replacing("\"children\": null", with: "\"children\": []")
                #expect(text(again) == expected, "\(name)")
            }
        }
    }

    @Test("a failure is an exception with module, type and arguments")
    func failure() throws {
        let metas = try #require(try Fixture.load("results-5.7.json")["metas"]?.arrayValue)
        let custom = try #require(metas.last { $0["name"]?.stringValue == "failure_custom" })
        let meta = try WireCodec().decodeMeta(try Fixture.bytes(custom["value"]))
        guard case .exception(let exception) = meta.outcome else {
            Issue.record("not an exception: \(meta.outcome)")
            return
        }
        #expect(exception.arguments == [42, "custom text"])
        #expect(exception.module == "wireapp")
        #expect(exception.repr == "CustomError(42, 'custom text')")
    }

    @Test("a compressed result carries the marker and comes back")
    func compressed() throws {
        let meta = TaskMeta(taskID: "t", state: .success, outcome: .value(EncodedValue(.string("x"))))
        let bytes = try WireCodec().encode(meta, compression: "gzip")
        #expect(bytes.starts(with: Array("\0celery-compressed\0application/x-gzip\0".utf8)))
        #expect(try WireCodec().decodeMeta(bytes).taskID == "t")
    }

    @Test("results without the usual keys decode; without a status they do not")
    func partial() throws {
        let meta = try WireCodec().decodeMeta(Array(#"{"status": "SUCCESS", "x": 1}"#.utf8))
        #expect(meta.state == .success)
        #expect(meta.outcome == .value(.null))
        #expect(meta.custom == ["x": 1])
        #expect(throws: WireError.self) { try WireCodec().decodeMeta(Array("{}".utf8)) }
    }

    @Test("an exception state without exc_type keeps its plain value")
    func plainFailure() throws {
        let meta = try WireCodec().decodeMeta(Array(#"{"status": "FAILURE", "result": [1]}"#.utf8))
        guard case .value(let value) = meta.outcome else {
            Issue.record("not a value")
            return
        }
        #expect(try value.decode(as: [Int].self) == [1])
    }
}

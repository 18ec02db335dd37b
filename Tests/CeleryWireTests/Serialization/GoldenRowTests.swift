//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("Golden results that are not kept as one text")
struct GoldenRowTests {
    @Test("What 5.6's workers send with rpc:// decodes, and again what we make of it")
    func rpc() throws {
        let metas = try #require(try Fixture.load("results-rpc-5.6.json")["metas"]?.arrayValue)
        var states: [String: [TaskState]] = [:]
        for element in metas {
            let meta = try WireCodec().decodeMeta(try Fixture.bytes(element["value"]))
            states[element["name"]?.stringValue ?? "", default: []].append(meta.state)
            #expect(!meta.taskID.isEmpty && meta.dateDone == nil)
            #expect(try WireCodec().decodeMeta(try WireCodec().encode(meta)) == meta)
        }
        #expect(states["success"] == [.started, .success])
        #expect(states["failure"] == [.started, .failure])
        #expect(states["custom_state"] == [.started, "PROGRESS", .success])
        #expect(states["retry"]?.last == .success && states["retry"]?.contains(.retry) == true)
    }

    @Test("Every row of 5.7's table of results decodes: its result, and where they are kept its arguments")
    func rows() throws {
        let rows = try #require(try Fixture.load("results-database-5.7.json")["rows"]?.arrayValue)
        var seen = 0
        for row in rows {
            let blob = { (name: String) in row[name]?.stringValue ?? "null" }
            let state = try #require(row["status"]?.stringValue)
            let text = """
                {"status": "\(state)", "result": \(blob("result")), "args": \(blob("args")), "kwargs": \(blob("kwargs"))}
                """
            let meta = try WireCodec().decodeMeta(Array(text.utf8))
            #expect(meta.state.rawValue == state)
            switch (meta.outcome, state) {
            case (.exception(let exception), "FAILURE"):
                #expect(["went wrong", "custom text"].contains(exception.arguments.last.flatMap(\.stringValue) ?? ""))
            case (.value(let value), "SUCCESS"): _ = try value.value()
            default: Issue.record("\(state) came to \(meta.outcome)")
            }
            if row["run"]?.stringValue == "result_extended" { #expect(meta.extended?.arguments != nil) }
            seen += 1
        }
        #expect(seen == 24)
    }
}

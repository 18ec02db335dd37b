//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("Golden AMQP messages")
struct GoldenAMQPTests {
    @Test("header tables become headers and back, bodies decode")
    func tables() throws {
        let cases = try #require(try Fixture.load("tasks-amqp-5.7.json")["cases"]?.arrayValue)
        var seen = 0
        for element in cases {
            for published in element["messages"]?.arrayValue ?? [] {
                let name = element["name"]?.stringValue ?? ""
                let properties = try #require(published["properties"]?.objectValue)
                let table = try #require(properties["headers"]?.objectValue)
                let message = try Message(
                    headerTable: table,
                    contentType: properties["content_type"]?.stringValue ?? "",
                    contentEncoding: properties["content_encoding"]?.stringValue ?? "",
                    body: try Fixture.bytes(published["body"])
                )
                #expect(message.headers.table == table, "\(name)")
                if message.contentType == "application/json", message.headers.compression == nil {
                    let body = try WireCodec().decodeBody(of: message)
                    let expected = try Fixture.json(message.body).spreadArguments
                    // Compared as text, because NaN equals nothing.
                    #expect(try JSONSerializer().encode(body.value()) == JSONSerializer().encode(expected), "\(name)")
                }
                seen += 1
            }
        }
        #expect(seen >= 100)
    }
}

extension CeleryValue {
    /// A body whose args are one string, as its characters; any other as it is.
    fileprivate var spreadArguments: CeleryValue {
        guard case .array(var parts) = self, case .string(let text)? = parts.first else { return self }
        parts[0] = .array(text.unicodeScalars.map { .string(String($0)) })
        return .array(parts)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("Golden task messages")
struct GoldenTaskTests {
    struct Golden: Sendable, CustomTestStringConvertible {
        var name: String
        var envelope: String
        var testDescription: String { name }
    }

    static func golden(_ file: String) throws -> [Golden] {
        let fixture = try Fixture.load(file)
        var all: [Golden] = []
        for element in fixture["cases"]?.arrayValue ?? [] {
            for (index, envelope) in (element["envelopes"]?.arrayValue ?? []).enumerated() {
                let name = "\(file) \(element["name"]?.stringValue ?? "?") \(index)"
                all.append(Golden(name: name, envelope: envelope.stringValue ?? ""))
            }
        }
        for (index, envelope) in (fixture["envelopes"]?.arrayValue ?? []).enumerated() {
            all.append(Golden(name: "\(file) \(index)", envelope: envelope.stringValue ?? ""))
        }
        return all
    }

    static let files = ["tasks-5.7.json", "tasks-5.6.json", "canvas-5.7.json", "canvas-5.6.json"]

    @Test("every envelope decodes and encodes to the same bytes", arguments: files)
    func envelopes(_ file: String) throws {
        let all = try Self.golden(file)
        #expect(all.count >= 40)
        for golden in all {
            let message = try Envelope.decode(Array(golden.envelope.utf8))
            let again = text(Envelope.encode(message))
            #expect(again == golden.envelope, "\(golden.name)")
        }
    }

    @Test("every JSON body decodes and encodes to the same bytes", arguments: files)
    func bodies(_ file: String) throws {
        var seen = 0
        for golden in try Self.golden(file) {
            var message = try Envelope.decode(Array(golden.envelope.utf8))
            guard message.contentType == "application/json", message.headers.compression == nil else { continue }
            let codec = WireCodec()
            let body = try codec.decodeBody(of: message)
            let original = message.body
            try codec.encode(body, into: &message)
            if body.arguments.isEmpty || golden.envelope.contains("args_not_a_list") || text(original).hasPrefix("[\"")
            {
                #expect(try Fixture.json(message.body)[2] == Fixture.json(original)[2], "\(golden.name)")
            } else {
                #expect(text(message.body) == text(original), "\(golden.name)")
            }
            seen += 1
        }
        #expect(seen >= 40)
    }
}

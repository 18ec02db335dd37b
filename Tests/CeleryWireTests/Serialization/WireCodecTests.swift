//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("Codec")
struct WireCodecTests {
    private func message() -> Message { Message(headers: TaskHeaders(task: "t", id: "1"), body: []) }

    private let body = TaskBody(arguments: [EncodedValue(2), EncodedValue(["a": nil])])

    @Test("encodes with any serializer and compression and sets the headers for it")
    func encodes() throws {
        let codec = WireCodec(acceptContent: ["json", "application/x-msgpack"])
        for serializer in ["json", "msgpack"] {
            for compression in [nil, "zlib", "gzip", "application/x-gzip"] {
                var message = message()
                message.headers.compression = "stale"
                try codec.encode(body, into: &message, serializer: serializer, compression: compression)
                #expect(message.headers.compression == (compression == nil ? nil : "application/x-gzip"))
                #expect(message.contentEncoding == (serializer == "json" ? "utf-8" : "binary"))
                let back = try codec.decodeBody(of: message)
                #expect(try back.value() == body.value())
            }
        }
    }

    @Test("refuses what is not accepted, pickle always, and names what it knows")
    func refuses() throws {
        var message = message()
        try WireCodec().encode(body, into: &message, serializer: "msgpack")
        var error = #expect(throws: WireError.self) { try WireCodec().decodeBody(of: message) }
        #expect(error?.code == .contentDisallowed)
        message.contentType = "application/x-python-serialize"
        error = #expect(throws: WireError.self) { try WireCodec(acceptContent: ["pickle"]).decodeBody(of: message) }
        #expect(error?.code == .contentDisallowed)
        message.contentType = "text/odd"
        error = #expect(throws: WireError.self) { try WireCodec().decodeBody(of: message) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("json, msgpack") == true)
        error = #expect(throws: WireError.self) {
            try WireCodec().encode(TaskBody(), into: &message, serializer: "json", compression: "nope")
        }
        #expect(error?.message.contains("zlib, gzip") == true)
    }

    @Test("a compressed body may be larger than a message, up to its own limit")
    func limits() throws {
        let big = TaskBody(arguments: [EncodedValue(.string(String(repeating: "x", count: 200_000)))])
        var message = message()
        var codec = WireCodec(limits: WireLimits(messageSize: 10_000, decompressedSize: 300_000))
        try codec.encode(big, into: &message, compression: "zlib")
        #expect(try codec.decodeBody(of: message).arguments.count == 1)
        codec.limits.decompressedSize = 100_000
        let error = #expect(throws: WireError.self) { try codec.decodeBody(of: message) }
        #expect(error?.code == .limitExceeded)
    }
}

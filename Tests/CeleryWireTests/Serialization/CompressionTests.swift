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

@Suite("Compression")
struct CompressionTests {
    static var all: [any BodyCompression] {
        #if Compression
        [ZlibCompression()] + WireCodec.systemCompressions
        #else
        [ZlibCompression()]
        #endif
    }

    static var count: Int { all.count }

    @Test("bytes of every kind come back", arguments: 0..<count)
    func roundTrip(_ index: Int) throws {
        let method = Self.all[index]
        var generator = SplitMix(seed: 3)
        let random = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for bytes in [[], [0], Array("[[2, 3], {}, null]".utf8), Array(repeating: 7, count: 300_000), random] {
            let packed = try method.compress(bytes)
            #expect(try method.decompress(packed, limit: bytes.count) == bytes, "\(method.names[0]) \(bytes.count)")
        }
    }

    @Test("a bomb is stopped at the limit", arguments: 0..<count)
    func bomb(_ index: Int) throws {
        let method = Self.all[index]
        let bomb = try method.compress(Array(repeating: 0, count: 50_000_000))
        for limit in [0, 1, 1000, 1_000_000, 49_999_999] {
            let error = #expect(throws: WireError.self) { try method.decompress(bomb, limit: limit) }
            #expect(error?.code == .limitExceeded, "\(method.names[0]) \(limit)")
        }
        #expect(try method.decompress(bomb, limit: 50_000_000).count == 50_000_000)
    }

    @Test("every truncation and data behind the end are malformed", arguments: 0..<count)
    func truncated(_ index: Int) throws {
        let method = Self.all[index]
        let packed = try method.compress(Array("[[2, 3], {}, {\"callbacks\": null}]".utf8))
        for length in 0..<packed.count {
            let error = #expect(throws: WireError.self) {
                try method.decompress(Array(packed.prefix(length)), limit: 1000)
            }
            #expect(error?.code == .malformed, "\(method.names[0]) \(length)")
        }
        #expect(throws: WireError.self) { try method.decompress(packed + [1, 2, 3], limit: 1000) }
    }

    @Test("golden compressed messages decode to the arguments that Python sent")
    func golden() throws {
        var codec = WireCodec(acceptContent: ["json", "msgpack"])
        codec.compressions = Self.all
        var seen = 0
        for golden in try GoldenTaskTests.golden("tasks-5.7.json") {
            let message = try Envelope.decode(Array(golden.envelope.utf8))
            guard let name = message.headers.compression, (try? codec.compression(name)) != nil else { continue }
            let body = try codec.decodeBody(of: message)
            #expect(try body.arguments.map { try $0.decode(as: Int.self) } == [2, 3], "\(golden.name)")
            seen += 1
        }
        #expect(seen >= Self.count)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// `result_serializer`, `result_compression` and `result_accept_content`.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct ResultFormatTests {
    private static func codec(_ serializer: String, _ compression: String?, accept: [String]? = nil) -> WireCodec {
        var codec = WireCodec(acceptContent: accept ?? [serializer])
        (codec.resultSerializer, codec.resultCompression) = (serializer, compression)
        return codec
    }

    @Test(arguments: ["json", "msgpack"], [nil, "zlib"])
    func `results are stored and announced in their serializer and compression`(
        _ serializer: String,
        _ compression: String?
    ) async throws {
        let server = try await TestServer()
        let backend = try server.backend(codec: Self.codec(serializer, compression))
        let heard = try await Listener(server, "celery-task-meta-a")
        async let waited = backend.wait(for: "a", timeout: .seconds(10))
        try await backend.store("a", .started)
        try await backend.store("a", .success, ["list": [1, 2.5, .null]])
        // Every later state is spared, whatever the form.
        try await backend.store("a", .failure)
        let meta = try await backend.fetch(["a"], timeout: .seconds(5))["a"]
        #expect(meta?.state == .success)
        guard case .value(let value)? = meta?.outcome else { throw ServiceError("no value") }
        #expect(try value.value(limits: .standard) == ["list": [1, 2.5, .null]])
        #expect(try await waited?.state == .success)
        let bytes = try #require(try await server.client().ask("GET", "celery-task-meta-a").bytes)
        #expect(try await heard.take(2).last == bytes)
        let start: [UInt8] =
            compression != nil
            ? Array("\0celery-compressed\0application/x-gzip\0".utf8)
            : serializer == "json" ? Array("{\"status\": ".utf8) : [0x86, 0xA6] + Array("status".utf8)
        #expect(bytes.starts(with: start))
    }

    @Test func `what is not accepted is not read, JSON neither`() async throws {
        let server = try await TestServer()
        for (writer, reader) in [("msgpack", "json"), ("json", "msgpack")] {
            try await server.backend(codec: Self.codec(writer, nil)).store(writer, .success)
            let stranger = try server.backend(codec: Self.codec("json", nil, accept: [reader]))
            let error = await #expect(throws: TransportError.self) { try await stranger.state(writer) }
            #expect(error?.message.contains("name its serializer in result_accept_content") == true)
            // To be able to read it is not needed to leave it alone.
            try await stranger.store(writer, .failure)
            #expect(try await server.backend(codec: Self.codec(writer, nil)).state(writer) == .success)
        }
    }

    @Test func `what has no form in the serializer is an error that names it`() async throws {
        let server = try await TestServer()
        let backend = try server.backend(codec: Self.codec("msgpack", nil))
        let error = await #expect(throws: TransportError.self) {
            try await backend.store("a", .success, .bigInteger("123456789012345678901234567890"))
        }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("task a cannot be written as msgpack") == true)
    }
}
#endif

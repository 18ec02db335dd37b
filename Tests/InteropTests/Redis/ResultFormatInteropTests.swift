//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import ServiceTestSupport
import Testing

/// `result_serializer` and `result_compression` of one side in the hands of the other.
@Suite("Results in other serializers and compressions", .needsPythonAndRedis)
struct ResultFormatInteropTests {
    struct Format: Sendable, CustomStringConvertible {
        var version: PythonVersion
        var serializer: String
        var compression: String?

        var description: String { "\(version), \(serializer), \(compression ?? "not compressed")" }

        /// As the Python side reads it from its settings.
        var settings: CeleryObject {
            var settings: CeleryObject = [
                "result_serializer": .string(serializer), "accept_content": ["json", "msgpack", "yaml"],
            ]
            if let compression { settings["result_compression"] = .string(compression) }
            return settings
        }

        func configure(_ settings: inout CelerySettings) {
            (settings.resultSerializer, settings.resultCompression) = (serializer, compression)
        }

        /// What the value of a result's key begins with.
        var start: String {
            let types = [
                "zlib": "application/x-gzip", "bzip2": "application/x-bz2", "lzma": "application/x-lzma",
                "brotli": "application/x-brotli", "zstd": "application/zstd",
            ]
            // What 5.6 does not know it does not do.
            if let compression, version == .current {
                return "\\x00celery-compressed\\x00\(types[compression] ?? "")\\x00"
            }
            return ["json": "{\"status\": ", "msgpack": "\\x86\\xa6status", "yaml": ""][serializer] ?? ""
        }
    }

    /// All compressions with 5.7; 5.6 ignores the setting, and cannot read what is compressed.
    static var formats: [Format] {
        let compressions: [(String, String?)] = [
            ("json", "zlib"), ("json", "bzip2"), ("msgpack", "lzma"), ("msgpack", "brotli"), ("yaml", "zstd"),
        ]
        return PythonVersion.available.flatMap { version in
            ["msgpack", "yaml"].map { Format(version: version, serializer: $0) }
                + (version == .current
                    ? compressions.map { Format(version: version, serializer: $0, compression: $1) } : [])
        }
    }

    private static let value: CeleryValue = [
        "list": [1, 2.5, nil, true], "text": "h\u{e9} \u{1F600}", "yes": "no", "date": "2030-01-02", "empty": [:],
    ]

    private func bytes(_ id: String, _ client: PythonClient) async throws -> String {
        let reply = try await client.request("stored", ["id": .string(id)])
        guard case .string(let text)? = reply["text"] else { throw ServiceError("nothing stored: \(reply)") }
        return text
    }

    @Test("Python reads what Swift stores", arguments: formats)
    func swiftStores(format: Format) async throws {
        let client = try await RedisInterop.peer(format.version, format.settings).client()
        try await RedisInterop.withSwiftWorker(
            format.version,
            client: client,
            configure: format.configure,
            before: { _ in }
        ) { site, _ in
            let id = try await site.send("interop.echo", [Self.value])
            #expect(try await site.client.get(id).value == Self.value)
            #expect(try await bytes(id, site.client).hasPrefix(format.start))
            let failed = try await site.call("interop.fail", ["value"])
            #expect(failed.exception?.type == "ValueError")
            #expect(try await site.call("interop.retry", [2]).value == 2)
        }
        await client.end()
    }

    @Test("Swift reads what Python stores", arguments: formats)
    func pythonStores(format: Format) async throws {
        let queue = RedisServer.uniquePrefix() + "queue"
        let peer = try await RedisInterop.peer(format.version, format.settings)
        let worker = try await peer.worker(queues: [queue])
        let client = try await peer.client()
        try await RedisInterop.withApp(queue: queue, configure: { $0.resultSerializer = format.serializer }) { app in
            let sent = try await app.sendTask("interop.echo", args: [Self.value])
            #expect(try await sent.get(timeout: .seconds(30)) == Self.value)
            #expect(try await bytes(sent.id, client).hasPrefix(format.start))
            let failed = try await app.sendTask("interop.fail", args: ["value"])
            let error = await #expect(throws: CeleryError.self) { try await failed.get(timeout: .seconds(30)) }
            #expect(error?.exception?.type == "ValueError")
            // A late outcome of another run does not replace it.
            let meta = TaskMeta(taskID: sent.id, state: .failure)
            try await app.resultBackend()
                .store([StoredResult(meta, expires: .seconds(60))], timeout: .seconds(10))
            #expect(try await sent.state() == .success)
        }
        await client.end()
        await worker.end()
    }

    @Test("5.6 stores uncompressed what 5.7 and Swift compress, and Swift reads it", arguments: PythonVersion.available)
    func ignored(version: PythonVersion) async throws {
        let format = Format(version: version, serializer: "json", compression: "zlib")
        try await pythonStores(format: format)
    }
}

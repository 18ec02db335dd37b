//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
@testable import CelerySQLite
import CeleryWire
import Foundation
import GRDB
import Testing

/// `result_serializer` and `result_compression` in the file.
@Suite(.timeLimit(.minutes(1))) struct ResultFormatTests {
    private static func codec(_ serializer: String, _ compression: String?) -> WireCodec {
        var codec = WireCodec(acceptContent: [serializer])
        (codec.resultSerializer, codec.resultCompression) = (serializer, compression)
        return codec
    }

    @Test(arguments: ["json", "msgpack"], [nil, "zlib"])
    func `results are stored in the serializer and compression of the settings, and a SUCCESS stays`(
        _ serializer: String,
        _ compression: String?
    ) async throws {
        let store = try await TemporaryStore(codec: Self.codec(serializer, compression))
        let backend = store.backend
        for state in [TaskState.started, .success, .failure] {
            let meta = TaskMeta(taskID: "a", state: state, outcome: .value(EncodedValue([1, nil])))
            try await backend.store([StoredResult(meta, expires: nil)], timeout: .seconds(5))
        }
        let found = try await backend.fetch(["a"], timeout: .seconds(5))["a"]
        #expect(found?.state == .success)
        guard case .value(let value)? = found?.outcome else { throw CancellationError() }
        #expect(try value.value() == [1, nil])
        let payload = try await DatabaseQueue(path: store.path)
            .read {
                try [UInt8](Data.fetchOne($0, sql: "SELECT payload FROM result") ?? Data())
            }
        let isCompressed = payload.starts(with: Array("\0celery-compressed\0application/x-gzip\0".utf8))
        #expect(isCompressed == (compression != nil))
        // Another program, which accepts something else.
        let other = try await TemporaryStore.open(store.path, codec: Self.codec("none", nil), isShared: false)
        let error = await #expect(throws: TransportError.self) { try await other.1.fetch(["a"], timeout: .seconds(5)) }
        #expect(error?.message.contains("result_accept_content") == true, "\(String(describing: error))")
        await other.0.shutdown()
        await other.1.shutdown()
        await store.end()
    }

    @Test func `two apps of one process that use one file keep to their own serializers`() async throws {
        let store = try await TemporaryStore(codec: Self.codec("json", nil))
        let other = try await TemporaryStore.open(store.path, codec: Self.codec("msgpack", nil))
        #expect(other.1.storeIdentity == store.backend.storeIdentity)
        let success = TaskMeta(taskID: "a", state: .success, outcome: .value(EncodedValue(1)))
        try await other.1.store([StoredResult(success, expires: nil)], timeout: .seconds(5))
        try await other.0.declare(Topology([Queue("q")]))
        try await store.publish(["b"])
        let consumer = try await other.0.openConsumer(ConsumerConfiguration(name: "c", queues: ["q"]))
        let tag = try #require(try await consumer.receive(upTo: 1).first?.tag)
        var settlement = Settlement(tag, .acknowledge)
        settlement.results = [StoredResult(TaskMeta(taskID: "b", state: .success), expires: nil)]
        try await consumer.settle([settlement])
        #expect(try await other.1.fetch(["a", "b"], timeout: .seconds(5)).count == 2)
        for id in ["a", "b"] {
            await #expect(throws: TransportError.self) { try await store.backend.fetch([id], timeout: .seconds(5)) }
        }
        try await consumer.close()
        await other.0.shutdown()
        await other.1.shutdown()
        await store.end()
    }
}
#endif

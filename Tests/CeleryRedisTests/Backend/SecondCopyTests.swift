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

/// A message that was sent twice, for the answer to its first sending was lost: two first deliveries, neither marked as another's.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(1)))
struct SecondCopyTests {
    @Test(arguments: [TaskState.failure, .retry])
    func `what one copy came to in vain does not take the place of the other's success`(_ state: TaskState) async throws
    {
        let place = try await RedisPlace()
        let consumer = try await place.consumer()
        try await place.publish(["a", "a"])
        let copies = try await consumer.receive(upTo: 2)
        #expect(copies.map(\.redelivered) == [false, false])
        for (copy, state) in zip(copies, [TaskState.success, state]) {
            let meta = TaskMeta(taskID: "a", state: state, outcome: .value(EncodedValue(.null)))
            let result = StoredResult(meta, expires: .seconds(60))
            try await consumer.settle([Settlement(copy.tag, .acknowledge, results: [result])])
        }
        #expect(try await place.backend.state("a") == .success)
        try await consumer.close()
        await place.end()
    }

    @Test func `and a failure of a task that has none is stored as always`() async throws {
        let place = try await RedisPlace()
        let consumer = try await place.consumer()
        try await place.publish(["a"])
        let found = try await consumer.receive(upTo: 1)
        let meta = TaskMeta(taskID: "a", state: .failure, outcome: .value(EncodedValue(.null)))
        try await consumer.settle(
            found.map { Settlement($0.tag, .acknowledge, results: [StoredResult(meta, expires: nil)]) }
        )
        #expect(try await place.backend.state("a") == .failure)
        try await consumer.close()
        await place.end()
    }
}
#endif

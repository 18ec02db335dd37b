//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@testable import CeleryCore

@Suite("Broadcasts that wait to be taken")
struct BroadcastBufferTests {
    private func message(_ number: Int, bytes: Int = 0) -> HeardBroadcast {
        let body = [UInt8](repeating: 0, count: bytes)
        return .success(BroadcastMessage(exchange: "e", routingKey: "\(number)", body: body))
    }

    private func keys(_ heard: [HeardBroadcast]) throws -> [String] { try heard.map { try $0.get().routingKey } }

    @Test("Of too many the oldest are dropped and counted, however they come", arguments: [1, 100, 10_025])
    func tooMany(atOnce: Int) async throws {
        let buffer = BroadcastBuffer()
        let all = 0..<BroadcastBuffer.limit + 25
        for start in stride(from: 0, to: all.upperBound, by: atOnce) {
            buffer.put((start..<min(start + atOnce, all.upperBound)).map { message($0) })
        }
        #expect(buffer.dropped == 25)
        #expect(try await keys(buffer.take(timeout: .zero)) == all.dropFirst(25).map { "\($0)" })
        // What was taken makes room.
        buffer.put([message(7)])
        #expect(try await keys(buffer.take(timeout: .zero)) == ["7"])
        #expect(buffer.dropped == 25)
    }

    @Test("Of too many bytes the oldest are dropped and counted; one message is kept, however large it is")
    func tooManyBytes() async throws {
        let buffer = BroadcastBuffer(byteLimit: 100)
        for number in 0..<5 { buffer.put([message(number, bytes: 30)]) }
        #expect(buffer.dropped == 2)
        #expect(try await keys(buffer.take(timeout: .zero)) == ["2", "3", "4"])
        buffer.put([message(5, bytes: 100)])
        #expect(buffer.dropped == 2)
        buffer.put([message(6, bytes: 1000)])
        #expect(buffer.dropped == 3)
        #expect(try await keys(buffer.take(timeout: .zero)) == ["6"])
    }
}

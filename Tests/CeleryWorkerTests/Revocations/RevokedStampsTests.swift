//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@testable import CeleryWorker

@Suite("Revoked stamps")
struct RevokedStampsTests {
    private func message(_ stamps: CeleryObject) -> Message {
        var headers = TaskHeaders(task: "t", id: "1")
        headers.stamps = stamps
        return Message(headers: headers, body: [])
    }

    @Test("A task is revoked by any value of a stamp that it has, alone or among others")
    func contains() {
        let revoked = RevokedStamps()
        #expect(!revoked.contains(message(["batch": "a"])))
        revoked.add(["batch": ["a", 7], "tenant": ["x"]])
        for stamps: CeleryObject in [
            ["batch": "a"], ["batch": 7], ["batch": ["z", "a"]], ["other": "a", "tenant": "x"],
        ] {
            #expect(revoked.contains(message(stamps)))
        }
        for stamps: CeleryObject in [[:], ["batch": "x"], ["tenant": "a"], ["batch": ["z"]], ["other": "a"]] {
            #expect(!revoked.contains(message(stamps)))
        }
    }

    @Test("Of more values than are kept the newest stay, and one that comes again takes no second place")
    func bounded() {
        let revoked = RevokedStamps()
        let limit = RevokedStamps.limit
        revoked.add(["number": (0..<limit).map { .int($0) }])
        revoked.add(["number": (0..<limit).map { .int($0) }])
        #expect(revoked.contains(message(["number": 0])))
        revoked.add(["name": ["last"]])
        #expect(!revoked.contains(message(["number": 0])))
        #expect(revoked.contains(message(["number": 1])) && revoked.contains(message(["name": "last"])))
        revoked.add(["number": (limit..<3 * limit).map { .int($0) }])
        #expect(!revoked.contains(message(["name": "last"])))
        #expect(!revoked.contains(message(["number": .int(2 * limit - 1)])))
        #expect(revoked.contains(message(["number": .int(2 * limit)])))
    }
}

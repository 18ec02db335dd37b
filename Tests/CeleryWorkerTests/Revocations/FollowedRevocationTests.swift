//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Synchronization
import Testing

@Suite("Revocations that others have kept in the store", .timeLimit(.minutes(5)))
struct FollowedRevocationTests {
    @Test("Each is carried out in its own manner, one without a signal's name too", arguments: ["", "SIGKILL"])
    func manners(signal: String) async throws {
        let app = TestApp.make()
        let gate = Doorway()
        let runs = Mutex<[Int]>([])
        let hang = app.task("hang") { (x: Int) -> Int in
            runs.withLock { $0.append(x) }
            // cancelled by the revocation
            try await Task.sleep(for: .seconds(3600))
            return x
        }
        let hold = app.task("hold") { (x: Int) -> Int in
            runs.withLock { $0.append(x) }
            await gate.waitUntilOpen()
            return x
        }
        try await withWorker(app) { () async throws -> Void in
            let ended = try await hang.delay(1)
            let spared = try await hold.delay(2)
            #expect(try await eventually { runs.withLock { $0.count } == 2 })
            let store = try #require(try await app.transport().revocations)
            let expires = Timestamp.now.advanced(by: .seconds(3600))
            try await store.revoke([
                Revocation(taskID: ended.id, terminate: true, signal: signal, expires: expires),
                Revocation(taskID: spared.id, expires: expires),
            ])
            let error = await #expect(throws: CeleryError.self) { try await ended.get(timeout: .seconds(60)) }
            #expect(error?.code == .taskRevoked)
            gate.open()
            #expect(try await spared.get(timeout: .seconds(60)) == 2)
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Synchronization
import Testing

@testable import CeleryWorker

@Suite("Telling the store what was revoked", .timeLimit(.minutes(5)))
struct RevocationTellerTests {
    /// Of so many ids.
    private func revocation(_ count: Int) -> UntoldRevocation {
        UntoldRevocation(
            ids: (0..<count).map { "\($0)" },
            terminate: false,
            signal: "SIGTERM",
            expires: .now,
            affected: []
        )
    }

    @Test("A command waits only when too many ids do, and all are told in order before the end")
    func bounded() async throws {
        let teller = RevocationTeller()
        let told = Mutex<[[Int]]>([])
        let answered = Mutex(0)
        let isRoomy = Mutex(false)
        let isOver = Mutex(false)
        let gate = Doorway()
        let running = Task {
            await teller.run(
                broker: { revocations in
                    told.withLock { $0.append(revocations.map(\.ids.count)) }
                    await gate.waitUntilOpen()
                },
                results: { _ in }
            )
        }
        await teller.add(revocation(1)) { answered.withLock { $0 += 1 } }
        #expect(try await eventually { told.withLock { $0 } == [[1]] })
        await teller.add(revocation(2)) { answered.withLock { $0 += 1 } }
        await teller.add(revocation(RevocationTeller.limit - 3)) { answered.withLock { $0 += 1 } }
        let last = revocation(4)
        let adding = Task {
            await teller.add(last) { answered.withLock { $0 += 1 } }
            isRoomy.withLock { $0 = true }
            await teller.finish()
            isOver.withLock { $0 = true }
        }
        #expect(!isRoomy.withLock { $0 })
        #expect(answered.withLock { $0 } == 0)
        gate.open()
        #expect(try await eventually { isOver.withLock { $0 } })
        #expect(told.withLock { $0 } == [[1], [2, RevocationTeller.limit - 3], [4]])
        #expect(answered.withLock { $0 } == 4)
        await adding.value
        running.cancel()
        await running.value
    }

    @Test(
        "A broker that is cancelled while it is told is told again at the end, with what came meanwhile; it has a second"
    )
    func atTheEnd() async throws {
        let teller = RevocationTeller()
        let began = Doorway()
        let running = Task {
            await teller.run(
                broker: { _ in
                    began.open()
                    // cancelled below
                    try? await Task.sleep(for: .seconds(3600))
                },
                results: { _ in }
            )
        }
        await teller.add(revocation(1)) {}
        await began.waitUntilOpen()
        await teller.add(revocation(2)) {}
        running.cancel()
        await running.value
        let told = Mutex<[Int]>([])
        // As where it is called: cancelled.
        let ending = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await teller.end { revocations in told.withLock { $0 = revocations.map(\.ids.count) } }
        }
        await ending.value
        #expect(told.withLock { $0 } == [1, 2])
        let gate = Doorway()
        let start = ContinuousClock.now
        await teller.end { _ in await gate.waitUntilOpen() }
        #expect((.milliseconds(900)...(.seconds(20))).contains(ContinuousClock.now - start))
        gate.open()
    }
}

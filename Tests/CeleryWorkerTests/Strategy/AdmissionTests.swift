//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Testing

@testable import CeleryWorker

@Suite("What becomes of a delivery", .timeLimit(.minutes(5)))
struct AdmissionTests {
    private func decide(_ kind: Delivery.Kind) -> Ending? {
        guard case .end(let ending) = Admission.decide(TestApp.make(), task: "elsewhere.task", kind: kind) else {
            return nil
        }
        return ending
    }

    @Test("A death is told by whoever hears of it, of a task that another program knows too: it does not begin again")
    func obituaryOfUnknownTask() throws {
        let death = try #require(decide(.obituary))
        #expect(death.failure?.type == "WorkerLostError")
        guard case .acknowledge = death.disposition else {
            Issue.record("it can be replayed: \(death.disposition)")
            return
        }
        let unknown = try #require(decide(.task))
        #expect(unknown.failure?.type == "NotRegistered")
        guard case .deadLetter = unknown.disposition else {
            Issue.record("it is not set aside: \(unknown.disposition)")
            return
        }
    }

    @Test("A task over its rate limit is told of once, however often it is taken")
    func receivedOnce() async throws {
        let log = LogRecorder()
        let app = TestApp.make(log: log)
        let task = app.task("limited", options: TaskOptions(rateLimit: RateLimit(perSecond: 20))) { (x: Int) in x }
        try await withWorker(app) { () async throws -> Void in
            var sent: [AsyncResult<Int>] = []
            for number in 0..<6 { sent.append(try await task.delay(number)) }
            for result in sent { _ = try await result.get(timeout: .seconds(60)) }
        }
        let received = log.lines.map(\.text).filter { $0.contains("received") && $0.contains("limited[") }
        #expect(received.count == 6, "\(received)")
    }
}

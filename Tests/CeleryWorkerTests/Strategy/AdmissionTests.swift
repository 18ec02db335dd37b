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
    private func decide(_ kind: Delivery.Kind) throws -> Ending? {
        let app = TestApp.make()
        let admission = Admission(
            app: app,
            codec: app.codec,
            settings: app.settings,
            hostname: "w1@test",
            canDelay: true
        )
        let message = Message(
            headers: TaskHeaders(task: "elsewhere.task", id: "a"),
            properties: MessageProperties(correlationID: "a", routingKey: "celery"),
            body: Array("[[], {}, {}]".utf8)
        )
        let delivery = Delivery(tag: DeliveryTag(1), queue: "celery", kind: kind, content: .message(message))
        guard case .end(let ending) = admission.decide(delivery, isRevoked: false, now: .now) else { return nil }
        return ending
    }

    @Test("A death is told by whoever hears of it, of a task that another program knows too: it does not begin again")
    func obituaryOfUnknownTask() throws {
        let death = try #require(try decide(.obituary))
        #expect(death.failure?.type == "WorkerLostError")
        guard case .acknowledge = death.disposition else {
            Issue.record("it can be replayed: \(death.disposition)")
            return
        }
        let unknown = try #require(try decide(.task))
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

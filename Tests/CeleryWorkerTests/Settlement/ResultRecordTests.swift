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

@Suite("What is stored about a task")
struct ResultRecordTests {
    private func expiry(_ stored: SettlementDecision.Stored, failures: Duration?) throws -> Duration? {
        var settings = CelerySettings()
        settings.resultExpires = .seconds(60)
        settings.resultFailureExpires = failures
        let message = Message(
            headers: TaskHeaders(task: "t", id: "1"),
            properties: MessageProperties(correlationID: "1", replyTo: ""),
            body: []
        )
        let policy = TaskPolicy(headers: message.headers, settings: settings)
        let record = ResultRecord(settings: settings, codec: WireCodec(), hostname: "w")
            .record(stored, message: message, policy: policy, children: [], queue: "q")
        return try #require(record).expires
    }

    private let failure = TaskFailure(exception: ExceptionInfo(type: "Boom", arguments: []))

    @Test("Failures are kept as long as result_failure_expires says: 0 is for ever, nothing is as other results")
    func failures() throws {
        #expect(try expiry(.failure(failure), failures: nil) == .seconds(60))
        #expect(try expiry(.failure(failure), failures: .seconds(5)) == .seconds(5))
        #expect(try expiry(.failure(failure), failures: .zero) == nil)
    }

    @Test("Other states are kept as long as result_expires says")
    func others() throws {
        #expect(try expiry(.success(EncodedValue(1)), failures: .seconds(5)) == .seconds(60))
        #expect(try expiry(.retry(failure), failures: .zero) == .seconds(60))
        #expect(try expiry(.revoked("expired"), failures: .zero) == .seconds(60))
    }
}

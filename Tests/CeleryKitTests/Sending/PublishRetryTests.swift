//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@testable import CeleryKit

@Suite("task_publish_retry_policy")
struct PublishRetryTests {
    private func delays(_ policy: CeleryObject, _ count: Int) throws -> [Duration?] {
        let retry = try #require(PublishRetry(policy: policy))
        return (1...count).map { retry.delay(afterFailures: $0) }
    }

    @Test("The waits are Celery's: none, then longer by the step up to the longest, as often as allowed")
    func waits() throws {
        #expect(try delays(CelerySettings().taskPublishRetryPolicy, 4) == [.zero, .seconds(0.2), .seconds(0.4), nil])
        #expect(try delays([:], 4) == [.zero, .seconds(0.2), .seconds(0.4), nil])
        let long = try delays(["max_retries": .null, "interval_start": 0.5, "interval_step": 0.4], 4)
        #expect(long == [.seconds(0.5), .seconds(0.9), .seconds(1), .seconds(1)])
        #expect(try delays(["max_retries": 0], 1) == [nil])
        #expect(try delays(["interval_max": 0], 2) == [.zero, .milliseconds(10)], "never a hot loop")
    }

    @Test(
        "A policy with a member that it cannot have is refused",
        arguments: [
            ["max_retries": -1], ["interval_start": "soon"], ["intervall_max": 1],
        ] as [CeleryObject]
    )
    func refused(policy: CeleryObject) throws {
        var settings = CelerySettings()
        let error = #expect(throws: SettingsError.self) {
            try settings.set("task_publish_retry_policy", to: .object(policy), origin: .code)
        }
        #expect(error?.message.contains("it has to be an object of max_retries") == true)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import CeleryWorker
import Testing

@Suite("result_failure_expires", .timeLimit(.minutes(5)))
struct FailureExpiryTests {
    @Test("Failures are kept as long as it says: 0 is for ever, nothing is as other results; and only failures")
    func times() {
        var settings = CelerySettings()
        settings.resultExpires = .seconds(60)
        #expect(settings.resultExpires(in: .failure) == .seconds(60))
        settings.resultFailureExpires = .seconds(5)
        #expect(settings.resultExpires(in: .failure) == .seconds(5))
        settings.resultFailureExpires = .zero
        #expect(settings.resultExpires(in: .failure) == nil)
        for state in [TaskState.success, .retry, .revoked, .started] {
            #expect(settings.resultExpires(in: state) == .seconds(60))
        }
    }

    @Test("A worker's failure is gone after that time, while its success is still there")
    func worker() async throws {
        let app = TestApp.make { $0.resultFailureExpires = .milliseconds(1) }
        struct Broken: Error {}
        let fail = app.task("fail") { () -> Int in throw Broken() }
        let succeed = app.task("succeed") { 5 }
        try await withWorker(app, pool: .solo) {
            let failed = try await fail.delay()
            let done = try await succeed.delay()
            #expect(try await done.get(timeout: .seconds(60)) == 5)
            // Solo: the failure came first, and was settled no later.
            let isGone = try await eventually { try await failed.state() == .pending }
            #expect(isGone)
            #expect(try await done.state() == .success)
        }
    }
}

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

@Suite("A worker with annotated tasks", .timeLimit(.minutes(5)))
struct AnnotationTests {
    private struct Busy: Error {}

    @Test("max_retries of an annotation replaces the task's own")
    func retries() async throws {
        let app = TestApp.make { settings in
            settings.taskAnnotations = ["flaky": TaskAnnotation { $0.retry.limit = 1 }]
        }
        let runs = Mutex(0)
        let options = TaskOptions(retry: .constant(limit: 9, delay: .zero, on: Busy.self))
        let flaky = app.task("flaky", options: options) { () -> Int in
            runs.withLock { $0 += 1 }
            throw Busy()
        }
        let error = try await withWorker(app) {
            await #expect(throws: CeleryError.self) { try await flaky.delay().get(timeout: .seconds(60)) }
        }
        #expect(error?.code == .taskFailed)
        #expect(runs.withLock { $0 } == 2)
    }

    @Test("A soft time limit for all tasks ends one that declares none")
    func limits() async throws {
        let app = TestApp.make { settings in
            settings.taskAnnotations = ["*": TaskAnnotation { $0.softTimeLimit = .milliseconds(50) }]
        }
        let forever = app.task("forever") { () -> Int in
            try await Task.sleep(for: .seconds(600))
            return 1
        }
        let error = try await withWorker(app) {
            await #expect(throws: CeleryError.self) { try await forever.delay().get(timeout: .seconds(60)) }
        }
        #expect(error?.exception?.type == "SoftTimeLimitExceeded")
    }

    @Test("A rate limit keeps all but the first in the queue")
    func rate() async throws {
        let app = TestApp.make { settings in
            settings.taskAnnotations = ["add": TaskAnnotation { $0.rateLimit = "1/h" }]
        }
        let add = app.task("add") { (x: Int) in x + 1 }
        let waiting = try await withWorker(app) {
            let first = try await add.delay(1)
            #expect(try await first.get(timeout: .seconds(60)) == 2)
            let second = try await add.delay(2)
            let isKept = try await eventually {
                try await app.transport().status(of: ["celery"]).first?.delayed == 1
            }
            #expect(try await second.ready() == false)
            return isKept
        }
        #expect(waiting)
    }

    @Test("A task sent by an annotation's queue is found there")
    func queue() async throws {
        let app = TestApp.make { settings in
            settings.taskAnnotations = ["add": TaskAnnotation { $0.queue = "sums" }]
        }
        let add = app.task("add") { (x: Int) in x + 1 }
        let answer = try await withWorker(app, queues: ["sums"]) { try await add.delay(1).get(timeout: .seconds(60)) }
        #expect(answer == 2)
    }
}

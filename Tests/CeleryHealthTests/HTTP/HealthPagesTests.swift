//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryWorker
import Testing

@testable import CeleryHealth

@Suite struct HealthPagesTests {
    private let pages = HealthPages(
        health: {
            let fine = WorkerHealth.Check("threads")
            return WorkerHealth(
                startup: WorkerHealth.Probe([WorkerHealth.Check("started")]),
                readiness: WorkerHealth.Probe([
                    WorkerHealth.Check("broker", problem: "the broker is away"),
                    WorkerHealth.Check("pool", problem: "the pool is not ready"), fine,
                ]),
                liveness: WorkerHealth.Probe([fine])
            )
        },
        metrics: { "up 1\n" }
    )

    /// Method, target, status, and what the body begins with.
    @Test(
        arguments: [
            ("GET", "/livez", 200, "ok\n"), ("HEAD", "/startupz", 200, "ok\n"),
            ("GET", "/readyz", 503, "the broker is away\nthe pool is not ready\n"), ("GET", "/metrics", 200, "up 1\n"),
            ("GET", "/livez?verbose", 200, "ok      threads\nok since 20"),
            (
                "GET", "/readyz?a=b&verbose=1", 503,
                "FAILED  broker     the broker is away\nFAILED  pool       the pool is not ready\nok      threads\nFAILED since"
            ),
            ("GET", "/livez?", 200, "ok\n"), ("GET", "/metrics?verbose", 200, "up 1\n"),
            ("GET", "/", 404, "there is no / here; there are: /livez, /readyz, /startupz, /metrics\n"),
            ("POST", "/nowhere", 404, "there is no /nowhere here"), ("GET", "", 404, "there is no  here"),
            ("GET", "/livez/", 404, "there is no /livez/ here"),
            ("POST", "/livez", 405, "/livez answers to GET and HEAD, not to POST\n"),
            ("DELETE", "/metrics", 405, "/metrics answers to GET and HEAD, not to DELETE\n"),
        ] as [(String, String, Int, String)]
    )
    func eachTargetHasItsAnswer(method: String, target: String, status: Int, body: String) {
        let answer = pages.answer(method, target)
        #expect(answer.status == status)
        #expect(answer.body.hasPrefix(body), "\(answer.body)")
        #expect((answer.allow == "GET, HEAD") == (status == 405))
        let isMetrics = target.hasPrefix("/metrics") && status == 200
        #expect(answer.contentType == (isMetrics ? PrometheusText.contentType : "text/plain; charset=utf-8"))
    }
}
#endif

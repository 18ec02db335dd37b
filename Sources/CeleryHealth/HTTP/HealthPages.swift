//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryWire
import CeleryWorker

/// What is answered to a request. Synchronous: nothing in it waits for Swift's own threads.
struct HealthPages: Sendable {
    var health: @Sendable () -> WorkerHealth
    var metrics: @Sendable () -> String

    static let paths = ["/livez", "/readyz", "/startupz", "/metrics"]

    struct Answer: Sendable, Hashable {
        var status: Int
        var contentType = "text/plain; charset=utf-8"
        var body: String
        /// The methods that there are, where another was used.
        var allow: String?
    }

    /// - Parameters:
    ///   - method: `GET`, `HEAD`, …
    ///   - target: Path and query.
    func answer(_ method: String, _ target: String) -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts[0])
        guard Self.paths.contains(path) else {
            let pages = Self.paths.joined(separator: ", ")
            return Answer(status: 404, body: "there is no \(path) here; there are: \(pages)\n")
        }
        guard method == "GET" || method == "HEAD" else {
            return Answer(status: 405, body: "\(path) answers to GET and HEAD, not to \(method)\n", allow: "GET, HEAD")
        }
        if path == "/metrics" {
            return Answer(status: 200, contentType: PrometheusText.contentType, body: metrics())
        }
        let options = parts.count > 1 ? parts[1].split(separator: "&") : []
        let isVerbose = options.contains { $0 == "verbose" || $0.hasPrefix("verbose=") }
        let health = self.health()
        switch path {
        case "/livez": return Self.answer(health.liveness, isVerbose: isVerbose)
        case "/readyz": return Self.answer(health.readiness, isVerbose: isVerbose)
        default: return Self.answer(health.startup, isVerbose: isVerbose)
        }
    }

    /// `ok`, or what is wrong, one a line; verbose: all that was looked at.
    private static func answer(_ probe: WorkerHealth.Probe, isVerbose: Bool) -> Answer {
        var lines = probe.passes ? ["ok"] : probe.problems
        if isVerbose {
            lines = probe.checks.map { check in
                let name = check.name + String(repeating: " ", count: max(0, 10 - check.name.count))
                return check.problem.map { "FAILED  \(name) \($0)" } ?? "ok      \(check.name)"
            }
            lines.append("\(probe.passes ? "ok" : "FAILED") since \(probe.since.iso8601)")
        }
        return Answer(status: probe.passes ? 200 : 503, body: lines.joined(separator: "\n") + "\n")
    }
}
#endif

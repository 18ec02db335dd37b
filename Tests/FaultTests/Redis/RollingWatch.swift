//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryKit
import CeleryWire
import ServiceTestSupport
import Synchronization

/// Asks all the time who is there, as `celery inspect ping` and `celery status` do, and steers when it is told to.
final class RollingWatch: Sendable {
    enum Kind: String {
        case ping = "inspect ping"
        case status = "celery status"
        case steering = "rate_limit"
    }

    struct Call {
        var kind: Kind
        var seconds: Double
        /// Workers that did.
        var answers: Int
        /// Why there could be no answer, or what was wrong with it.
        var failure: String?
    }

    private let app: CeleryApp
    private let client: PythonClient
    private let names: Set<String>
    private let made = Mutex<[Call]>([])

    init(app: CeleryApp, client: PythonClient, names: [String]) {
        (self.app, self.client, self.names) = (app, client, Set(names))
    }

    var calls: [Call] { made.withLock { $0 } }

    /// Makes a call, whose body says how many answered, and notes how it went, unless it was cut short by the end of the test.
    private func note(_ kind: Kind, _ body: () async throws -> Int) async {
        let begun = ContinuousClock.now
        var call = Call(kind: kind, seconds: 0, answers: 0)
        do { call.answers = try await body() } catch { call.failure = "\(error)" }
        if Task.isCancelled { return }
        call.seconds = (ContinuousClock.now - begun).seconds
        let noted = call
        made.withLock { $0.append(noted) }
    }

    /// Ours, which waits for a second.
    func ping() async {
        while !Task.isCancelled {
            await note(.ping) { names.intersection(try await app.inspect.ping()).count }
        }
    }

    /// Python's, which waits for a second too.
    func status() async {
        while !Task.isCancelled {
            await note(.status) {
                let answer = try await client.request("celery", ["words": ["status"]], within: .seconds(60))
                let (code, text) = (answer["code"]?.whole, answer["output"]?.text ?? "")
                // 69: nobody answered, which is counted as such.
                guard code == 0 || code == 69 else { throw ServiceError("exit code \(code ?? -1): \(text)") }
                return names.count { text.contains("\($0): OK") }
            }
        }
    }

    /// Changes in one worker, which has to answer, how often a task may start.
    func steer(_ node: String, _ task: String, limit: String) async {
        let options = ControlOptions(destination: [node], timeout: .seconds(8))
        await note(.steering) {
            let replies = try await app.control(options).rateLimit(task, limit)
            guard replies.map(\.ok) == ["new rate limit set successfully"] else {
                throw ServiceError("\(node) answered \(replies)")
            }
            return 1
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

extension FleetBench {
    /// Very many revoked ids: what a worker needs for them, and what its restart takes.
    func revocations() async throws {
        try await clear()
        let worker = try await worker(.async)
        let before = worker.memory
        var most = before
        let batch = 1000
        let begun = ContinuousClock.now
        for start in stride(from: 0, to: options.revokes, by: batch) {
            let ids = (start..<min(start + batch, options.revokes)).map { Self.id($0) }
            let answers = try await tasks.app.control(control).revoke(ids)
            guard answers.count == 1 else { throw BareConnection.Failure(what: "revoke was not answered") }
            if start % (batch * 50) == 0 { most = max(most, worker.memory) }
        }
        most = max(most, worker.memory)
        add("\(options.revokes) revokes, s", .async, number(seconds(ContinuousClock.now - begun), 1))
        add("… the worker's memory grew by, MB", .async, megabytes(most - before), aim: "< 100")
        worker.stop()
        let restarted = ContinuousClock.now
        let next = try await self.worker(.async)
        add("… restart until it answers, ms", .async, number(seconds(ContinuousClock.now - restarted) * 1000, 0))
        let patience = ContinuousClock.now + .seconds(5)
        var grown = next.memory
        while ContinuousClock.now < patience {
            grown = max(grown, next.memory)
            try await Task.sleep(for: .milliseconds(100))
        }
        add("… and takes then at most, MB", .async, megabytes(grown - before), aim: "< 100")
        var kept = 0
        for number in [0, options.revokes / 2, options.revokes - 1] {
            let result = try await tasks.silent.applyAsync(1, options: SendOptions(taskID: Self.id(number)))
            let after = try await tasks.hold.applyAsync(number, options: SendOptions(queue: "hold"))
            while try await tasks.app.inspect(control).queryTask([after.id])[Self.node]?[after.id]?.state != "active" {}
            if try await result.state() == .revoked { kept += 1 }
        }
        add("… of the first, the middle and the last, respected afterwards", .async, "\(kept)", aim: "3")
        next.signal(SIGKILL)
        next.stop()
    }

    private func megabytes(_ kibibytes: Int) -> String { number(Double(kibibytes) * 1.024 / 1000, 1) }

    private static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }
}

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
        add(server == nil ? "… the file is then, MB" : "… redis-server takes then, MB", .async, try storeSize())
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
        let revoked = [0, options.revokes / 2, options.revokes - 1].map { Self.id($0) }
        for id in revoked { _ = try await tasks.mark.applyAsync(1, options: SendOptions(taskID: id)) }
        let ran = try await ledger(after: tasks.mark.delay(0).id)
        let kept = revoked.count { !ran.contains($0) }
        add("… of the first, the middle and the last, sent afterwards and not run", .async, "\(kept)", aim: "3")
        next.signal(SIGKILL)
        next.stop()
    }

    /// Ids of the tasks that have run, when one has that was sent last, and nothing of the queue waits or runs any more.
    private func ledger(after last: String) async throws -> Set<String> {
        let patience = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < patience {
            let text = (try? String(contentsOfFile: path("ledger"), encoding: .utf8)) ?? ""
            let ran = Set(text.split(separator: "\n").map(String.init))
            if ran.contains(last), try await queued() == 0 { return ran }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw BareConnection.Failure(what: "\(last), which nobody revoked, has not run within 60 s")
    }

    /// What the ids take where they are kept, MB.
    private func storeSize() throws -> String {
        if let server { return number(Double(try server.memory) / 1e6, 1) }
        let sizes = ["celery.sqlite", "celery.sqlite-wal"]
            .map { (try? FileManager.default.attributesOfItem(atPath: path($0))[.size] as? Int) ?? 0 }
        return number(Double(sizes.reduce(0, +)) / 1e6, 1)
    }

    private func megabytes(_ kibibytes: Int) -> String { number(Double(kibibytes) * 1.024 / 1000, 1) }

    private static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }
}

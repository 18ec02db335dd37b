//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import CeleryKit
import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The end of a campaign: everything comes to rest, and is looked at.
extension Campaign {
    /// Waits until every task that was sent has ended, and returns how.
    func drain() async throws -> [String: Ending] {
        client = nil
        let app = try LedgerTasks(environment: environment).app
        let deadline = Timestamp.now.advanced(bySeconds: 3 * options.lease + 60)
        var endings: [String: Ending] = [:]
        var ids: Set<String> = []
        var isEmpty = false
        repeat {
            try await wait(0.5)
            ids = Set(
                try Ledger.read(path: environment.ledger)
                    .map { entry in
                        switch entry {
                        case .sent(let id, _, _), .started(let id, _, _, _), .ended(let id, _, _): id
                        }
                    }
            )
            let open = ids.filter { endings[$0] == nil }
            endings.merge(try await app.endings(of: open)) { $1 }
            isEmpty = try await app.transport().status(of: []).allSatisfy { $0.ready + $0.delayed + $0.held == 0 }
        } while (endings.count < ids.count || !isEmpty) && Timestamp.now < deadline
        try await judgeQueue(app)
        return endings
    }

    /// Nothing may be left over: neither waiting nor held.
    func judgeQueue(_ app: CeleryApp) async throws {
        for queue in try await app.transport().status(of: []) where queue.ready + queue.delayed + queue.held > 0 {
            breaches.append(
                "queue \(queue.name): \(queue.ready) ready, \(queue.delayed) delayed, \(queue.held) held at the end"
            )
        }
    }

    func stopWorkers() async {
        for index in workers.indices {
            workers[index].group.signalAll(SIGCONT)
            if workers[index].stoppedWarmAt == nil { workers[index].stoppedWarmAt = .now }
            workers[index].group.signal(SIGTERM)
        }
        let deadline = Timestamp.now.advanced(bySeconds: 30)
        var open = workers
        while !open.isEmpty, Timestamp.now < deadline {
            open.removeAll { worker in
                guard let status = worker.group.reap() else { return false }
                judgeExit(of: worker, status)
                return true
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
        for worker in open { breaches.append("\(worker.node) had not ended 30 s after the last SIGTERM") }
    }

    /// Ends what is left, and names the groups.
    func leftBehind() async -> [Int32] {
        // Children notice the end of their parent within moments.
        let deadline = Timestamp.now.advanced(bySeconds: 5)
        var left = groups
        repeat {
            for group in left { _ = group.reap() }
            left.removeAll { !$0.isAlive }
            try? await Task.sleep(for: .milliseconds(20))
        } while !left.isEmpty && Timestamp.now < deadline
        for group in left { group.signalAll(SIGKILL) }
        return left.map(\.leader)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryKit

/// Runs a worker for as long as the body takes: for programs that are client and worker in one, and for tests.
///
/// The body starts when the worker can take tasks. When it ends, the worker finishes what runs and stops.
public func withWorker<Result: Sendable>(
    _ app: CeleryApp,
    queues: [String]? = nil,
    pool: EmbeddedPool = .async(),
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let worker = try Worker(app, queues: queues, pool: pool)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        let ready = Doorbell()
        worker.onReady { ready.ring() }
        group.addTask {
            try await worker.run()
            ready.ring()
            return nil
        }
        group.addTask {
            await ready.wait()
            return try await body()
        }
        var result: Result?
        while let value = try await group.next() {
            guard let value else { continue }
            result = value
            worker.shutdown(.warm)
        }
        guard let result else { throw CeleryError(.brokerUnavailable, "the worker stopped before the body ended") }
        return result
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery

/// Why a division failed. The client sees the type's name, its text and the worker's traceback.
struct DivisionByZero: Error, CustomStringConvertible {
    var dividend: Int
    var description: String { "\(dividend) cannot be divided by zero" }
}

struct ServerBusy: Error {}

/// Fails twice, and asks for another try each time.
struct FetchPage: CeleryTask {
    static let name = "hello.fetch_page"

    var address: String

    func run(in context: TaskContext) async throws -> String {
        guard context.retries >= 2 else {
            throw context.retry(countdown: .milliseconds(300), because: ServerBusy())
        }
        return "\(address) fetched at try \(context.retries + 1)"
    }
}

/// Says how far it is while it runs.
struct ResizeImages: CeleryTask {
    struct Progress: Codable, Sendable {
        var done: Int
        var total: Int
    }

    static let name = "hello.resize_images"
    static let options = TaskOptions(acksLate: true, rejectOnWorkerLost: true)

    var count: Int

    func run(in context: TaskContext) async throws -> Int {
        for done in 1...count {
            try await Task.sleep(for: .milliseconds(200))
            try await context.updateState("PROGRESS", Progress(done: done, total: count))
        }
        return count
    }
}

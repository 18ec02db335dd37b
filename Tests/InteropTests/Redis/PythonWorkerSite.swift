//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import ServiceTestSupport
import Testing

/// A Python worker, and a Swift app that sends to it.
struct PythonWorkerSite: Sendable {
    let app: CeleryApp
    let worker: PythonWorker
    let peer: PythonPeer
    let server: RedisServer
    let queues: RedisInterop.Queues

    func call(
        _ name: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: SendOptions = SendOptions()
    ) async throws -> CeleryValue {
        try await app.sendTask(name, args: args, kwargs: kwargs, options: options).get(timeout: .seconds(30))
    }

    /// Asserts what a task returns.
    func expect(
        _ value: CeleryValue,
        from name: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: SendOptions = SendOptions(),
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let returned = try await call(name, args, kwargs: kwargs, options: options)
        #expect(returned == value, comment, sourceLocation: sourceLocation)
    }
}

extension RedisInterop {
    /// Runs a test with the shared Python worker and a Swift client of its own.
    static func withPythonWorker(
        _ version: PythonVersion,
        configure: (inout CelerySettings) -> Void = { _ in },
        _ body: (PythonWorkerSite) async throws -> Void
    ) async throws {
        let shared = of(version)
        let queues = Queues("python", version)
        let peer = try await shared.peer()
        let worker = try await shared.worker()
        let server = try await RedisServer.shared
        let others = [queues.feeds, queues.news]
        try await withApp(queue: queues.plain.name, queues: others, configure: configure) { app in
            try await body(PythonWorkerSite(app: app, worker: worker, peer: peer, server: server, queues: queues))
        }
    }
}

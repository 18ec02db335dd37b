//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import ServiceTestSupport
import Testing

/// A Swift worker with the interop tasks, and a Python client that sends to it.
struct SwiftWorkerSite: Sendable {
    let client: PythonClient
    let server: RedisServer
    let queues: RedisInterop.Queues
    /// The worker's own queue, which everything goes to that names none.
    let queue: String
    let ledger: Ledger
    let directory: TemporaryDirectory

    func send(
        _ name: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: CeleryObject = [:],
        typed: Bool = false
    ) async throws -> String {
        var options = options
        if options["queue"] == nil { options["queue"] = .string(queue) }
        return try await client.send(name, args, kwargs: kwargs, options: options, typed: typed)
    }

    func call(
        _ name: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: CeleryObject = [:]
    ) async throws -> PythonClient.Outcome {
        try await client.get(try await send(name, args, kwargs: kwargs, options: options))
    }

    /// Asserts what a task returns.
    func expect(
        _ value: CeleryValue,
        from name: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: CeleryObject = [:],
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await call(name, args, kwargs: kwargs, options: options)
        #expect(outcome.value == value, comment, sourceLocation: sourceLocation)
    }
}

extension RedisInterop {
    /// Runs a test with a Swift worker on a queue of its own, and the shared Python client.
    ///
    /// - Parameters:
    ///   - hasExchanges: Whether it takes from the topic and the fanout queue too, which it shares with every test that does.
    ///   - before: What happens before the worker starts: what it returns is handed on.
    static func withSwiftWorker<Prepared: Sendable>(
        _ version: PythonVersion,
        client: PythonClient? = nil,
        hasExchanges: Bool = false,
        pool: EmbeddedPool = .async(),
        configure: (inout CelerySettings) -> Void = { _ in },
        before: (SwiftWorkerSite) async throws -> Prepared,
        _ body: @escaping @Sendable (SwiftWorkerSite, Prepared) async throws -> Void
    ) async throws {
        let queues = Queues("swift", version)
        let queue = RedisServer.uniquePrefix() + "queue"
        let ownClient: PythonClient
        if let client { ownClient = client } else { ownClient = try await of(version).client() }
        let site = SwiftWorkerSite(
            client: ownClient,
            server: try await RedisServer.shared,
            queues: queues,
            queue: queue,
            ledger: Ledger(),
            directory: try TemporaryDirectory("gate")
        )
        let prepared = try await before(site)
        let others = hasExchanges ? [queues.feeds, queues.news] : []
        try await withApp(queue: queue, queues: others, configure: configure) { app in
            InteropTasks.register(on: app, ledger: site.ledger)
            try await withWorker(app, pool: pool) { try await body(site, prepared) }
        }
    }

    static func withSwiftWorker(
        _ version: PythonVersion,
        hasExchanges: Bool = false,
        pool: EmbeddedPool = .async(),
        configure: (inout CelerySettings) -> Void = { _ in },
        _ body: @escaping @Sendable (SwiftWorkerSite) async throws -> Void
    ) async throws {
        try await withSwiftWorker(
            version,
            hasExchanges: hasExchanges,
            pool: pool,
            configure: configure,
            before: { _ in }
        ) { site, _ in try await body(site) }
    }
}

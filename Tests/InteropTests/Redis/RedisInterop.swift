//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import ServiceTestSupport

/// What the tests over Redis share for one version of Python Celery: the server, a client, a worker.
///
/// Starting Python takes a second, so each is started once, when first asked for; tests keep out of each other's way by
/// queues and task ids.
actor RedisInterop {
    private static let current = RedisInterop(.current)
    private static let previous = RedisInterop(.previous)

    static func of(_ version: PythonVersion) -> RedisInterop { version == .current ? current : previous }

    /// Database of the results; messages are in 0.
    static let resultDatabase = 1

    private let version: PythonVersion
    private var peerStart: Task<PythonPeer, any Error>?
    private var clientStart: Task<PythonClient, any Error>?
    private var workerStart: Task<PythonWorker, any Error>?

    private init(_ version: PythonVersion) { self.version = version }

    /// The queues that both sides have declared. A fanout or topic exchange has to be known to whoever publishes.
    struct Queues: Sendable {
        var plain: Queue
        var feeds: Queue
        var news: Queue

        init(_ owner: String, _ version: PythonVersion) {
            let name = "\(owner)-\(version == .current ? "57" : "56")"
            plain = Queue(name)
            feeds = Queue("feeds-\(name)", exchange: Exchange("media-\(name)", .topic), routingKey: "feed.#")
            news = Queue("news-\(name)", exchange: Exchange("paper-\(name)", .fanout))
        }

        var all: [Queue] { [plain, feeds, news] }

        /// As the Python side reads them from its settings.
        static func setting(_ queues: [Queue]) -> CeleryValue {
            .array(
                queues.map {
                    [
                        "name": .string($0.name), "exchange": .string($0.exchange.name),
                        "exchange_type": .string($0.exchange.kind.rawValue), "routing_key": .string($0.routingKey),
                    ]
                }
            )
        }
    }

    /// Python processes of a test's own, with further settings.
    static func peer(_ version: PythonVersion, _ settings: CeleryObject = [:]) async throws -> PythonPeer {
        let server = try await RedisServer.shared
        var all: CeleryObject = ["task_track_started": true]
        for (key, value) in settings.members { all[key] = value }
        return try PythonPeer(
            version,
            broker: server.url(),
            backend: server.url(database: resultDatabase),
            settings: all
        )
    }

    /// The peer of the shared client and worker.
    func peer() async throws -> PythonPeer {
        let version = version
        let start =
            peerStart
            ?? Task {
                let queues = Queues("python", version).all + Queues("swift", version).all
                return try await Self.peer(
                    version,
                    ["task_queues": Queues.setting(queues), "task_default_queue": .string(queues[0].name)]
                )
            }
        peerStart = start
        return try await start.value
    }

    func client() async throws -> PythonClient {
        let start = clientStart ?? Task { try await self.peer().client() }
        clientStart = start
        return try await start.value
    }

    /// A prefork worker with two children that consumes the queues of "python".
    func worker() async throws -> PythonWorker {
        let queues = Queues("python", version).all.map(\.name)
        let start = workerStart ?? Task { try await self.peer().worker(.prefork, queues: queues, concurrency: 2) }
        workerStart = start
        return try await start.value
    }
}

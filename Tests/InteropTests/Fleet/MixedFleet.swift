//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import CeleryWorker
import ServiceTestSupport

/// A Python worker and a Swift worker on one redis-server, each with one child on a queue of its own, and the command lines and
/// clients of both languages.
struct MixedFleet: Sendable {
    /// Whose a worker, or a command line, is.
    enum Language: String, Sendable, CaseIterable {
        case swift
        case python

        /// Queue of the worker.
        var queue: String { rawValue }
        /// Node name of the worker.
        var node: String { NodeName.expand("\(rawValue)@%h") }
    }

    let server: RedisServer
    let peer: PythonPeer
    let client: PythonClient
    let python: PythonWorker
    let swift: SwiftWorkerProcess

    private init(_ server: RedisServer, arguments: [String]) async throws {
        let settings: CeleryObject = ["task_track_started": true, "worker_pool_restarts": true]
        let peer = try PythonPeer(
            .current,
            broker: server.url(),
            backend: server.url(database: RedisInterop.resultDatabase),
            settings: settings
        )
        swift = try SwiftWorkerProcess(
            Language.swift.node,
            broker: server.url(),
            backend: server.url(database: RedisInterop.resultDatabase),
            concurrency: 1,
            queues: [Language.swift.queue],
            arguments: ["--without-mingle"] + arguments + settings.members.map { "\($0.key)=true" },
            environment: ["INTEROP_LEDGER": peer.directory.path("ledger")],
            directory: peer.directory
        )
        async let startedClient = peer.client()
        async let startedWorker = peer.worker(
            .prefork,
            queues: [Language.python.queue],
            arguments: ["--without-gossip", "--without-mingle"] + arguments
        )
        (self.server, self.peer) = (server, peer)
        (self.client, self.python) = (try await startedClient, try await startedWorker)
        try await swift.waitUntilReady()
        // A worker may be ready before it hears commands.
        try await asking(.seconds(1)) { app, options in
            let all = Language.allCases.map(\.node)
            guard try await eventually({ try await app.inspect(options).ping() == all.sorted() }) else {
                throw ServiceError("not all of \(all) answer\n\(python.logText)\n\(swift.logText)")
            }
        }
    }

    /// Runs one for as long as the body takes.
    ///
    /// - Parameter arguments: Further options of both workers.
    static func with(_ arguments: String..., body: (MixedFleet) async throws -> Void) async throws {
        try await RedisServer.with { server in
            let fleet = try await MixedFleet(server, arguments: arguments)
            do {
                try await body(fleet)
            } catch {
                print("The Python worker said:\n\(fleet.python.logText)\nThe Swift worker:\n\(fleet.swift.logText)")
                await fleet.end()
                throw error
            }
            await fleet.end()
        }
    }

    private func end() async {
        await client.end()
        await python.end()
        await swift.end()
    }

    /// Asks with a Swift client of its own.
    func asking<Value>(
        _ timeout: Duration = .seconds(30),
        of languages: [Language] = Language.allCases,
        _ body: (CeleryApp, ControlOptions) async throws -> Value
    ) async throws -> Value {
        let app = CeleryApp("asks", broker: server.url(), backend: server.url(database: RedisInterop.resultDatabase))
        do {
            let value = try await body(app, ControlOptions(destination: languages.map(\.node), timeout: timeout))
            await app.shutdown()
            return value
        } catch {
            await app.shutdown()
            throw error
        }
    }
}

extension MixedFleet {
    /// One that is only asked, and has something to tell: see ``occupy()``. It is ended by the end of the test process.
    static var occupied: MixedFleet {
        get async throws { try await starting.value }
    }

    private static let starting = Task {
        let fleet = try await MixedFleet(try await RedisServer.start(), arguments: [])
        try await fleet.occupy()
        return fleet
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire
import Foundation

/// Real Python Celery with the application of `Tests/InteropTests/python/interop_app.py`.
///
/// A value that says which version and with which settings; ``worker(_:)`` and ``client()`` start its processes.
package struct PythonPeer: Sendable {
    /// How a worker runs its tasks.
    package enum Pool: String, Sendable {
        case solo, prefork, threads
    }

    package var version: PythonVersion
    /// Celery settings under Celery's names, broker and backend included.
    package var settings: CeleryObject
    /// The file that the marking tasks write to, and where logs are.
    package let directory: TemporaryDirectory

    package init(_ version: PythonVersion, broker: String, backend: String, settings: CeleryObject = [:]) throws {
        self.version = version
        self.settings = settings
        self.settings["broker_url"] = .string(broker)
        self.settings["result_backend"] = .string(backend)
        directory = try TemporaryDirectory("python")
    }

    /// The lines that marking tasks have written, in order.
    package var ledger: [String] {
        let text = (try? directory.read("ledger")) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// Starts `celery worker`, and waits until it says that it is ready.
    ///
    /// - Parameters:
    ///   - queues: Those that it takes tasks from; nil: all that the settings name.
    ///   - arguments: Further options of `celery worker`.
    ///   - own: Further variables of its environment.
    package func worker(
        _ pool: Pool = .solo,
        name: String = "python",
        queues: [String]? = nil,
        concurrency: Int = 1,
        arguments: [String] = ["--without-gossip", "--without-mingle"],
        environment own: [String: String] = [:]
    ) async throws -> PythonWorker {
        var options = ["-n", "\(name)@%h", "-P", pool.rawValue, "-c", "\(concurrency)", "-l", "INFO"]
        if let queues { options += ["-Q", queues.joined(separator: ",")] }
        let worker = PythonWorker(
            try GuardedProcess(
                try version.interpreter(),
                [Self.script, "worker"] + options + arguments,
                environment: try environment().merging(own) { $1 },
                directory: directory.url,
                log: directory.url.appendingPathComponent("worker-\(UUID().uuidString.prefix(8)).log"),
                removing: directory.url
            ),
            in: directory
        )
        do {
            try await worker.waitUntilReady()
        } catch {
            await worker.end()
            throw error
        }
        return worker
    }

    /// Starts Flower on a port of this machine. It is ended when nothing holds it any more.
    ///
    /// - Parameter arguments: Further options of `celery flower`.
    package func flower(port: Int, arguments: [String] = []) throws -> GuardedProcess {
        // Its buttons are for everybody then: there is nobody else on the loopback address of a test.
        try command(
            ["flower", "--address=127.0.0.1", "--port=\(port)"] + arguments,
            environment: ["FLOWER_UNAUTHENTICATED_API": "true"]
        )
    }

    /// Starts one of Celery's own commands, in a process of its own. It is ended when nothing holds it any more.
    package func command(_ words: [String], environment own: [String: String] = [:]) throws -> GuardedProcess {
        try GuardedProcess(
            try version.interpreter(),
            [Self.script] + words,
            environment: try environment().merging(own) { $1 },
            directory: directory.url,
            log: directory.url.appendingPathComponent("\(words[0])-\(UUID().uuidString.prefix(8)).log"),
            removing: directory.url
        )
    }

    /// Starts a client, and waits until it answers.
    package func client() async throws -> PythonClient {
        let client = try PythonClient(
            interpreter: try version.interpreter(),
            arguments: [Self.script, "client"],
            environment: try environment(),
            directory: directory
        )
        _ = try await client.request("hello", within: .seconds(60))
        return client
    }

    private static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("InteropTests/python")
    }

    private static var script: String { folder.appendingPathComponent("interop_peer.py").path }

    private func environment() throws -> [String: String] {
        [
            "INTEROP_SETTINGS": String(decoding: try JSONSerializer().encode(.object(settings)), as: UTF8.self),
            "INTEROP_LEDGER": directory.path("ledger"), "PYTHONPATH": Self.folder.path,
            "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "C_FORCE_ROOT": "1",
        ]
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
@testable import CelerySQLite
import CeleryTesting
import CeleryWire
import GRDB
import Logging

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A store on a file of its own in a temporary folder, which goes with it.
final class TemporaryStore: Sendable {
    let folder: String
    let path: String
    let transport: any Transport
    let backend: any ResultBackend

    init(
        options: CeleryObject = [:],
        codec: WireCodec = WireCodec(),
        deadLetterLimit: Int = 20
    ) async throws {
        folder = try Self.makeFolder()
        path = folder + "/celery.sqlite"
        (transport, backend) = try await Self.open(
            path,
            options: options,
            codec: codec,
            deadLetterLimit: deadLetterLimit
        )
    }

    static func makeFolder() throws -> String {
        var template = Array("/tmp/celery-sqlite-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CancellationError() }
        return String(cString: made)
    }

    /// Opens a file as an application would.
    ///
    /// - Parameter isShared: False for a store object of its own, as another process has.
    static func open(
        _ path: String,
        options: CeleryObject = [:],
        codec: WireCodec = WireCodec(),
        deadLetterLimit: Int = 20,
        isShared: Bool = true
    ) async throws -> (any Transport, any ResultBackend) {
        var registry = PluginRegistry()
        registry.registerSQLite()
        let context = PluginContext(
            url: try BrokerURL("sqlite:///" + path),
            codec: codec,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            options: options,
            deadLetterLimit: deadLetterLimit
        )
        guard isShared else {
            let store = try SQLiteStore(SQLiteOptions(context))
            return (SQLiteTransport(store: store), SQLiteResultBackend(store: store))
        }
        return (try await registry.transport(context), try await registry.backend(context))
    }

    static func message(_ id: String, queue: String = "q", body: Int = 12) -> OutgoingMessage {
        OutgoingMessage(
            Message(
                headers: TaskHeaders(task: "tasks.add", id: id),
                properties: MessageProperties(correlationID: id, routingKey: queue),
                body: Array(repeating: UInt8(ascii: "a"), count: body)
            )
        )
    }

    func publish(_ ids: [String], body: Int = 12) async throws {
        try await transport.publish(ids.map { Self.message($0, body: body) }, timeout: .seconds(5))
    }

    func consumer(_ queue: String, lease: Duration = .seconds(10)) async throws -> any TransportConsumer {
        try await transport.openConsumer(
            ConsumerConfiguration(name: "test", queues: [queue], lease: lease, renewal: lease / 4)
        )
    }

    func take(_ count: Int, from consumer: any TransportConsumer) async throws -> [Delivery] {
        var taken: [Delivery] = []
        while taken.count < count {
            let more = try await consumer.receive(upTo: count - taken.count)
            guard !more.isEmpty else { throw CancellationError() }
            taken += more
        }
        return taken
    }

    /// - Parameter isDead: Whether an abandoned consumer's process has ended, or was stopped.
    func harness(isDead: Bool, lease: Duration = .seconds(1)) -> TransportHarness {
        TransportHarness(
            transport: transport,
            backend: backend,
            lease: lease,
            deadLetterLimit: 20,
            time: SystemTime(),
            // sleeps: the store keeps the system's time, so the checks' time passes by passing.
            pass: { try await Task.sleep(for: $0) },
            abandon: { ($0 as? SQLiteConsumer)?.abandon(isDead: isDead) },
            corrupt: { [path] queue, bytes in
                try await DatabaseQueue.patient(path)
                    .write { database in
                        try database.execute(
                            sql: "INSERT OR IGNORE INTO queue(name, used) VALUES(?, 0)",
                            arguments: [queue]
                        )
                        try database.execute(
                            sql: """
                                INSERT INTO message(queue, urgency, published, payload)
                                SELECT id, 9, 0, CAST(? AS BLOB) FROM queue WHERE name = ?
                                """,
                            arguments: [String(decoding: bytes, as: UTF8.self), queue]
                        )
                        try database.execute(
                            sql: "INSERT INTO ready SELECT queue, urgency, id FROM message WHERE published = 0"
                        )
                    }
            }
        )
    }

    func end() async {
        await transport.shutdown()
        await backend.shutdown()
        remove()
    }

    private func remove() {
        for name in ["/celery.sqlite", "/celery.sqlite-wal", "/celery.sqlite-shm"] { unlink(folder + name) }
        let run = path + "-run"
        if let entries = opendir(run) {
            while let entry = readdir(entries) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink(run + "/" + name)
            }
            closedir(entries)
        }
        rmdir(run)
        rmdir(folder)
    }
}

extension Delivery {
    var taskID: String {
        guard case .message(let message) = content else { return "malformed" }
        return message.headers.id
    }
}

extension DatabaseQueue {
    /// A connection beside the store's own, which may be writing just now.
    static func patient(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}
#endif

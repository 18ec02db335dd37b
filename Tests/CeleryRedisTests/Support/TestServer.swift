//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryTesting
import CeleryWire
import Foundation
import Logging
import Synchronization

@testable import CeleryRedis

/// A Redis server of a test's own, on a socket in a temporary folder.
final class TestServer: Sendable {
    static let program = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/redis-server" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    let folder: String
    private let options: [String]
    private let process = Mutex<Int32>(0)

    /// - Parameter options: Further options of the command line.
    init(_ options: [String] = []) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "celery-redis-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.options = options
        try start()
    }

    deinit {
        signal(SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    func start() throws {
        let redis = Process()
        guard let program = Self.program else { throw CheckFailure("redis-server is not installed") }
        redis.executableURL = URL(filePath: program)
        redis.arguments =
            ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--logfile", "log"] + options
        try redis.run()
        process.withLock { $0 = redis.processIdentifier }
    }

    /// Ends it at once; with `--appendonly yes --appendfsync always` its data is there after the next ``start()``.
    func kill() async throws {
        let identifier = process.withLock(\.self)
        signal(SIGKILL)
        try await eventually("the server to be gone") { Foundation.kill(identifier, 0) != 0 }
    }

    func signal(_ number: Int32) {
        let identifier = process.withLock(\.self)
        if identifier > 0 { _ = Foundation.kill(identifier, number) }
    }

    var socket: String { folder + "/redis.sock" }

    func context(
        database: Int = 0,
        options: CeleryObject = [:],
        codec: WireCodec = WireCodec()
    ) throws -> PluginContext {
        PluginContext(
            url: try BrokerURL("redis+socket://\(socket)?virtual_host=\(database)"),
            codec: codec,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            options: options
        )
    }

    func backend(
        database: Int = 0,
        options: CeleryObject = [:],
        codec: WireCodec = WireCodec()
    ) throws -> RedisResultBackend {
        try RedisResultBackend(try context(database: database, options: options, codec: codec))
    }

    /// Sends commands beside the backend.
    func client(database: Int = 0) throws -> RedisClient {
        let context = try context(database: database)
        return RedisClient(try RedisConfiguration(context), logger: context.logger)
    }
}

extension RedisClient {
    /// Sends one command and returns its reply.
    func ask<each Argument: RESPArgument>(
        _ name: StaticString,
        _ arguments: repeat each Argument
    ) async throws -> RESPValue {
        var commands = RedisCommands()
        commands.add(name, repeat each arguments)
        return try await send(commands).first ?? .null
    }

    /// How many connections are subscribed to something.
    func subscribers(of channel: String) async throws -> Int64 {
        try await ask("PUBSUB", "NUMSUB", channel).elements.last?.int ?? 0
    }
}

/// Waits until it holds, ten seconds at most.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw CheckFailure("waited in vain for \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension ResultBackend {
    func store(
        _ id: String,
        _ state: TaskState,
        _ value: CeleryValue = .null,
        expires: Duration? = .seconds(60)
    ) async throws {
        let meta = TaskMeta(taskID: id, state: state, outcome: .value(EncodedValue(value)))
        try await store([StoredResult(meta, expires: expires)], timeout: .seconds(5))
    }

    func state(_ id: String) async throws -> TaskState? {
        try await fetch([id], timeout: .seconds(5))[id]?.state
    }
}
#endif

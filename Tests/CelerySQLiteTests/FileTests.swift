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
import Foundation
import Logging
import Testing

@Suite(.timeLimit(.minutes(2))) struct FileTests {
    @Test func `the file is for its owner only`() async throws {
        let store = try await TemporaryStore()
        try await store.publish(["a"])
        for name in ["", "-wal", "-shm"] {
            var status = stat()
            #expect(stat(store.path + name, &status) == 0, "\(name)")
            #expect(status.st_mode & 0o777 == 0o600, "\(name)")
        }
        await store.end()
    }

    @Test func `transport and backend of one file are one store`() async throws {
        let store = try await TemporaryStore()
        let again = try await TemporaryStore.open(
            store.folder + "/../\(store.folder.split(separator: "/").last ?? "")/celery.sqlite"
        )
        #expect(store.transport.storeIdentity == store.backend.storeIdentity)
        #expect(store.transport.storeIdentity == again.0.storeIdentity)
        #expect(store.transport.location == store.path)
        await again.0.shutdown()
        await again.1.shutdown()
        try await store.publish(["still open"])
        await store.end()
    }

    @Test(arguments: [
        ("sqlite:////tmp/x.sqlite", "/tmp/x.sqlite"),
        ("sqlite:///x.sqlite", FileManager.default.currentDirectoryPath + "/x.sqlite"),
        ("sqlite:///sub/x.sqlite?synchronous=full", FileManager.default.currentDirectoryPath + "/sub/x.sqlite"),
    ])
    func `a URL names a file as SQLAlchemy has it`(_ url: String, _ path: String) throws {
        let context = PluginContext(url: try BrokerURL(url), codec: WireCodec(), logger: Logger(label: "test"))
        #expect(try SQLiteOptions(context).path == path)
    }

    @Test(arguments: [
        "sqlite://", "sqlite:///", "sqlite://host/x.sqlite", "sqlite:///x.sqlite?synchronous=maybe",
        "sqlite:///x?wal=1",
    ])
    func `a URL that names no file or an unknown option is refused`(_ url: String) throws {
        let context = PluginContext(url: try BrokerURL(url), codec: WireCodec(), logger: Logger(label: "test"))
        #expect(throws: TransportError.self) { try SQLiteOptions(context) }
    }

    @Test
    func `synchronous of the transport options is read, refused when it is nothing, and must be the same for one file`()
        async throws
    {
        func options(_ options: CeleryObject) throws -> SQLiteOptions {
            let url = try BrokerURL("sqlite:///x.sqlite")
            return try SQLiteOptions(
                PluginContext(url: url, codec: WireCodec(), logger: Logger(label: "test"), options: options)
            )
        }
        #expect(try options(["synchronous": "FULL", "visibility_timeout": 3600]).synchronous == .full)
        for wrong: CeleryValue in ["maybe", 1, true] {
            let error = #expect(throws: TransportError.self) { try options(["synchronous": wrong]) }
            #expect(error?.message.contains("there is synchronous=normal and synchronous=full") == true)
        }
        let store = try await TemporaryStore()
        let error = await #expect(throws: TransportError.self) {
            try await TemporaryStore.open(store.path, options: ["synchronous": "full"])
        }
        #expect(error?.message.contains("is open in this process with synchronous=normal") == true)
        await store.end()
    }

    @Test func `messages and results survive closing`() async throws {
        let store = try await TemporaryStore()
        try await store.publish(["a", "b"])
        try await store.backend.store(
            [StoredResult(TaskMeta(taskID: "r", state: .success), expires: nil)],
            timeout: .seconds(5)
        )
        await store.transport.shutdown()
        await store.backend.shutdown()
        #expect(!FileManager.default.fileExists(atPath: store.path + "-wal"), "the last close leaves one file")
        let again = try await TemporaryStore.open(store.path)
        let consumer = try await again.0.openConsumer(ConsumerConfiguration(name: "c", queues: ["q"]))
        #expect(try await consumer.receive(upTo: 10).map(\.taskID) == ["a", "b"])
        #expect(try await again.1.fetch(["r"], timeout: .seconds(5))["r"]?.state == .success)
        await again.0.shutdown()
        await again.1.shutdown()
        await store.end()
    }

    @Test func `locks are not inherited, and are gone after closing`() async throws {
        let store = try await TemporaryStore()
        let consumer = try await store.consumer("q")
        func locks() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: store.path + "-run").filter { $0.hasSuffix(".lock") }
        }
        #expect(try locks().count == 1)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 1, store.folder + "/fds", O_CREAT | O_WRONLY, 0o600)
        var child: pid_t = 0
        let words: [String] = ["/bin/ls", "-l", "/proc/self/fd"]
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        #expect(posix_spawn(&child, "/bin/ls", &actions, nil, arguments, nil) == 0)
        for argument in arguments { free(argument) }
        var status: Int32 = 0
        waitpid(child, &status, 0)
        posix_spawn_file_actions_destroy(&actions)
        let inherited = try String(contentsOfFile: store.folder + "/fds", encoding: .utf8)
        #expect(inherited.contains("fds"))
        #expect(!inherited.contains(".lock") && !inherited.contains("celery.sqlite"))
        unlink(store.folder + "/fds")
        try await consumer.close()
        #expect(try locks().isEmpty)
        await store.end()
    }

    @Test func `the log stays small under a long load`() async throws {
        let store = try await TemporaryStore()
        let consumer = try await store.consumer("q")
        var largest = 0
        for round in 0..<60 {
            let ids = (0..<200).map { "\(round).\($0)" }
            try await store.publish(ids, body: 1000)
            let batch = try await store.take(200, from: consumer)
            try await consumer.settle(batch.map { Settlement($0.tag, .acknowledge) })
            var status = stat()
            if stat(store.path + "-wal", &status) == 0 { largest = max(largest, Int(status.st_size)) }
        }
        #expect(largest < 40 << 20, "\(largest) bytes")
        await store.end()
    }

    @Test func `thousands of waiters are all woken`() async throws {
        let store = try await TemporaryStore()
        let ids = (0..<2000).map { "w\($0)" }
        let states = try await withThrowingTaskGroup(of: TaskState?.self) { group in
            for id in ids { group.addTask { try await store.backend.wait(for: id, timeout: .seconds(60))?.state } }
            let waiting = try #require(store.transport as? SQLiteTransport).store.signals.results
            let deadline = ContinuousClock.now + .seconds(30)
            while waiting.ids.count < ids.count, ContinuousClock.now < deadline { await Task.yield() }
            #expect(waiting.ids.count == ids.count)
            for start in stride(from: 0, to: ids.count, by: 100) {
                let metas = ids[start..<(start + 100)]
                    .map { StoredResult(TaskMeta(taskID: $0, state: .success), expires: nil) }
                try await store.backend.store(metas, timeout: .seconds(5))
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(states.count { $0 == .success } == ids.count)
        await store.end()
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Foundation
import Logging
import Testing

@testable import CeleryWorker

@Suite("The file of --statedb", .timeLimit(.minutes(5)))
struct StateFileTests {
    /// A path in a folder that is deleted after the body.
    private func withPath<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.appendingPathComponent("worker.state").path)
    }

    private func refusal(of path: String) throws -> String {
        let error = #expect(throws: CeleryError.self) { try StateFile(path: path).read() }
        #expect(error?.code == .misconfigured)
        let message = try #require(error).message
        #expect(message.contains(path) && message.contains("--statedb"))
        return message
    }

    @Test("What is written is read again, and nothing is left beside it")
    func roundTrip() async throws {
        try await withPath { path in
            let file = StateFile(path: path)
            #expect(try file.read().isEmpty)
            var ids = RevokedIDs()
            let expires = Timestamp(microseconds: 4_000_000_000_000_000)
            ids.insert([("a", expires), ("b\"\n", expires)], now: .now)
            try file.write(ids)
            try file.write(ids)
            var read = RevokedIDs()
            read.insert(try file.read(), now: .now)
            #expect(read == ids)
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["worker.state"])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test(
        "It never writes more than it would read: ids that there is no room for are left out, those that expire first"
    )
    func tooLarge() async throws {
        try await withPath { path in
            var file = StateFile(path: path)
            file.writeLimit = 10_000
            var ids = RevokedIDs()
            for number in 0..<100 {
                let id = String(repeating: number % 2 == 0 ? "x" : "\u{1}", count: 100) + "\(number)"
                ids.insert(
                    [(id, Timestamp(microseconds: 4_000_000_000_000_000 + Int64(number) * 1_000_000))],
                    now: .now
                )
            }
            try file.write(ids)
            let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            #expect(size <= 10_000 && size > 8000)
            let read = try StateFile(path: path).read().map(\.id)
            #expect(
                !read.isEmpty
                    && Set(read) == Set(ids.expiries.sorted { $0.value > $1.value }.prefix(read.count).map(\.key))
            )
        }
    }

    @Test(
        "A foreign or damaged file is refused, and stays as it is",
        arguments: [
            ("\u{13}\u{57}\u{9a}\u{ce}dbm", "is not a state file of swift-celery"), ("{}", "is not a state file"),
            ("", "is not a state file"), ("[1]", "is not a state file"),
            (#"{"swift_celery_state": 2, "revoked": {}}"#, "of version 2, and this program reads version 1"),
            (#"{"swift_celery_state": 1, "revoked": {"x": "soon"}}"#, "the time of x in it is"),
        ]
    )
    func foreign(text: String, reason: String) async throws {
        try await withPath { path in
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(try refusal(of: path).contains(reason))
            let app = TestApp.make { $0.workerStateDB = path }
            await #expect(throws: CeleryError.self) { try await Worker(app).run() }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    @Test("A path that cannot be read or written is an error that says so, before any task is taken")
    func unusable() async throws {
        try await withPath { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(try refusal(of: path).contains("directory"))
            let absent = "\(path)/no/such/folder/x"
            let app = TestApp.make { $0.workerStateDB = absent }
            let error = await #expect(throws: CeleryError.self) { try await Worker(app).run() }
            #expect(error?.message.contains("cannot write") == true)
            #expect(error?.message.contains(absent) == true)
        }
    }

    private func app(_ path: String, name: String) -> CeleryApp {
        let app = TestApp.make { settings in
            settings.brokerURL = "memory://\(name)"
            settings.workerStateDB = path
        }
        app.task("add") { (x: Int) in x + 1 }
        return app
    }

    @Test("A revoked id is in the file while the worker runs, and a later worker does not run its task")
    func survives() async throws {
        try await withPath { path in
            let first = app(path, name: "before")
            let isSaved = try await withWorker(first) {
                try await first.revoke(["doomed"])
                return try await eventually { try StateFile(path: path).read().map(\.id) == ["doomed"] }
            }
            #expect(isSaved)
            let second = app(path, name: "after")
            let (state, other) = try await withWorker(second) {
                let doomed = try await second.sendTask("add", args: [1], options: SendOptions(taskID: "doomed"))
                _ = try await eventually { try await doomed.ready() }
                let other = try await second.sendTask("add", args: [1]).get(timeout: .seconds(60))
                return (try await doomed.state(), other)
            }
            #expect(state == .revoked)
            #expect(other == 2)
            #expect(try StateFile(path: path).read().map(\.id) == ["doomed"])
        }
    }

    @Test("What is revoked just before the end is saved at the end")
    func savedAtTheEnd() async throws {
        try await withPath { path in
            let app = app(path, name: "end")
            try await withWorker(app) {
                try await app.revoke(["one"])
                _ = try await eventually { try StateFile(path: path).read().count == 1 }
                try await app.revoke(["two"])
            }
            #expect(try Set(StateFile(path: path).read().map(\.id)) == ["one", "two"])
        }
    }
}

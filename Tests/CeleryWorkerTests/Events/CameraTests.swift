//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Synchronization
import Testing

@Suite("Pictures of a fleet", .timeLimit(.minutes(5)))
struct CameraTests {
    private struct NoFilm: Error {}

    private let app = TestApp.make()

    private func end(_ id: String) async throws {
        try await app.events.send("task-succeeded", ["uuid": .string(id)])
    }

    /// Runs a camera for as long as the body takes, which begins when events are heard.
    private func with(
        _ album: Album,
        cleanup: Duration = .seconds(3600),
        _ body: (ClusterMonitor) async throws -> Void
    ) async throws {
        let monitor = ClusterMonitor(app)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await monitor.run(camera: album, every: .milliseconds(2), cleanup: cleanup) }
            #expect(try await hears(monitor))
            try await body(monitor)
            group.cancelAll()
        }
    }

    private func hears(_ monitor: ClusterMonitor) async throws -> Bool {
        try await eventually {
            try await app.events.send("wake-up")
            return monitor.snapshot.eventCount > 0
        }
    }

    @Test("With clearsAfter a task that ends while the picture is taken is on the next one")
    func endedMeanwhile() async throws {
        let (begun, gate) = (Doorway(), Doorway())
        let album = Album(clearsAfter: true) { picture in
            guard picture.tasks["a"] != nil else { return }
            begun.open()
            await gate.waitUntilOpen()
        }
        try await with(album) { monitor in
            try await end("a")
            await begun.waitUntilOpen()
            try await end("b")
            #expect(try await eventually { monitor.snapshot.tasks["b"] != nil })
            gate.open()
            #expect(try await eventually { album.pictures.contains(["b"]) })
            #expect(try await eventually { monitor.snapshot.tasks.isEmpty })
            #expect(album.cleanups == 0)
        }
    }

    @Test("A picture that fails ends the run, and what it should have shown is not forgotten")
    func failed() async throws {
        let monitor = ClusterMonitor(app)
        let album = Album(clearsAfter: true) { picture in
            if picture.tasks["a"] != nil { throw NoFilm() }
        }
        let run = Task { try await monitor.run(camera: album, every: .milliseconds(2)) }
        #expect(try await hears(monitor))
        try await end("a")
        await #expect(throws: NoFilm.self) { try await run.value }
        #expect(monitor.snapshot.tasks["a"]?.state == .success)
    }

    @Test("Without clearsAfter what has ended stays, and cleanup comes when it is due")
    func staying() async throws {
        let album = Album(clearsAfter: false)
        try await with(album, cleanup: .zero) { monitor in
            try await end("a")
            #expect(try await eventually { album.pictures.count { $0 == ["a"] } >= 2 && album.cleanups >= 2 })
            #expect(monitor.snapshot.tasks["a"]?.state == .success)
        }
    }
}

/// Keeps the ids of the tasks on each picture.
private final class Album: SnapshotCamera {
    private struct State {
        var pictures: [[String]] = []
        var cleanups = 0
    }

    let clearsAfter: Bool
    private let exposure: @Sendable (ClusterState) async throws -> Void
    private let state = Mutex(State())

    init(
        clearsAfter: Bool,
        _ exposure: @escaping @Sendable (ClusterState) async throws -> Void = { _ in }
    ) {
        self.clearsAfter = clearsAfter
        self.exposure = exposure
    }

    var pictures: [[String]] { state.withLock { $0.pictures } }
    var cleanups: Int { state.withLock { $0.cleanups } }

    func onShutter(_ picture: ClusterState) async throws {
        state.withLock { $0.pictures.append(picture.tasks.keys.sorted()) }
        try await exposure(picture)
    }

    func onCleanup() async throws { state.withLock { $0.cleanups += 1 } }
}

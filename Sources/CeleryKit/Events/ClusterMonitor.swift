//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization

/// Follows a fleet: applies the events to a ``ClusterState`` for as long as it runs.
public final class ClusterMonitor: Sendable {
    private let app: CeleryApp
    private let state: Mutex<ClusterState>

    public init(_ app: CeleryApp, workerLimit: Int = 5000, taskLimit: Int = 10_000) {
        self.app = app
        state = Mutex(ClusterState(workerLimit: workerLimit, taskLimit: taskLimit))
    }

    /// What is known now.
    public var snapshot: ClusterState { state.withLock { $0 } }

    /// Changes what is known, for example to forget what has been saved.
    public func change(_ body: (inout sending ClusterState) -> Void) { state.withLock { body(&$0) } }

    /// Runs until cancelled.
    ///
    /// - Parameter onEvent: Told of each event after it was applied.
    /// - Throws: ``CeleryError`` when the broker cannot be reached at the start, or is of no more use.
    public func run(onEvent: (@Sendable (CeleryEvent) async -> Void)? = nil) async throws {
        for try await event in try await app.events.receive() {
            state.withLock { $0.apply(event) }
            await onEvent?(event)
        }
    }
}

/// Takes pictures of a fleet at intervals, for example to keep them in a database. Celery's `Polaroid`.
public protocol SnapshotCamera: Sendable {
    /// Whether what had ended in a picture is forgotten after it. Default false.
    var clearsAfter: Bool { get }
    /// A picture.
    func onShutter(_ state: ClusterState) async throws
    /// Called now and then, to throw away old pictures. Default nothing.
    func onCleanup() async throws
}

extension SnapshotCamera {
    public var clearsAfter: Bool { false }
    public func onCleanup() async throws {}
}

extension ClusterMonitor {
    /// Runs until cancelled, and hands the camera a picture at every interval.
    ///
    /// - Parameters:
    ///   - camera: Handed each picture.
    ///   - interval: Between two pictures. Default 1 s.
    ///   - maximumRate: At most so many pictures, whatever the interval says.
    ///   - cleanup: Between two cleanups. Default an hour.
    /// - Throws: As ``run(onEvent:)``, and whatever the camera throws.
    public func run(
        camera: some SnapshotCamera,
        every interval: Duration = .seconds(1),
        maximumRate: RateLimit? = nil,
        cleanup: Duration = .seconds(3600)
    ) async throws {
        let pause = Self.pause(every: interval, maximumRate: maximumRate)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            group.addTask {
                var nextCleanup = ContinuousClock.now + cleanup
                while true {
                    try await Task.sleep(for: pause)
                    let picture = self.snapshot
                    try await camera.onShutter(picture)
                    // Only what the camera has seen, and only now: a picture that failed is taken again.
                    if camera.clearsAfter { self.forget(endedIn: picture) }
                    guard nextCleanup <= .now else { continue }
                    try await camera.onCleanup()
                    nextCleanup = .now + cleanup
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func forget(endedIn picture: ClusterState) { state.withLock { $0.forget(endedIn: picture) } }

    /// Between two pictures.
    static func pause(every interval: Duration, maximumRate: RateLimit?) -> Duration {
        guard let maximumRate, maximumRate.isLimiting else { return interval }
        return max(interval, .bounded(seconds: 1 / maximumRate.perSecond))
    }
}

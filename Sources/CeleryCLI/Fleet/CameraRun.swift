//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `celery events --camera`: takes pictures of the fleet until it is told to stop, and a last one then.
struct CameraRun {
    var app: CeleryApp
    var camera: any SnapshotCamera
    var arguments: CameraArguments
    var logger: Logger

    /// - Throws: What the camera throws; ``CeleryError`` when the broker cannot be used.
    func run(isQuiet: Bool) async throws {
        let interval = arguments.frequency
        let monitor = ClusterMonitor(app)
        let (stops, stop) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try SignalListener.listen([SIGTERM, SIGINT, SIGQUIT, SIGHUP]) { _ in stop.finish() }
        // Whoever reads it may tell it to stop at once.
        if !isQuiet {
            Terminal.say("-> evcam: Taking snapshots with \(arguments.camera ?? "") (every \(interval) secs.)")
        }
        let camera = camera
        let rate = arguments.maxrate.flatMap { RateLimit($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await monitor.run(camera: camera, every: .bounded(seconds: interval), maximumRate: rate)
            }
            group.addTask { for await _ in stops {} }
            defer { group.cancelAll() }
            try await group.next()
        }
        try await camera.onShutter(monitor.snapshot)
        logger.info("the last picture was taken")
    }
}

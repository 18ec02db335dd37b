//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import Foundation
import ServiceTestSupport
import Synchronization

/// A worker of Python's that is killed with all its children and started again, but only when both of these are inside of a task.
///
/// Then it holds, filed in `unacked`, as much as it may, so that it is fetching nothing: what kombu has fetched and has not filed yet
/// is lost with it. And nothing of a chord is half done. Struck there it cannot keep what is promised here, whoever its neighbours
/// are: one of 5.7 that dies between claiming a chord and sending its body holds the claim for 15 s, and a part that is back before
/// is acknowledged by the next; one of 5.6 that dies after it has sent the body and before it has acknowledged the part finds no counters
/// when that is run again, and stores a failure of the body.
final class MortalPython: Sendable {
    private struct Life {
        var worker: PythonWorker
        /// A folder with a file for each child that is inside of a task.
        var marks: String
    }

    private struct State {
        var life: Life?
        var lives = 0
        var blows = 0
    }

    private let peer: PythonPeer
    private let queue: String
    private let state = Mutex(State())

    /// - Parameter visibility: After so many seconds what a dead worker held is given to others.
    init(_ version: PythonVersion, broker: String, backend: String, queue: String, visibility: Int) throws {
        let settings: CeleryObject = [
            "task_default_queue": .string(queue), "task_acks_late": true, "task_reject_on_worker_lost": true,
            "broker_transport_options": .object(["visibility_timeout": .int(visibility)]),
        ]
        peer = try PythonPeer(version, broker: broker, backend: backend, settings: settings)
        self.queue = queue
    }

    /// How often it was struck.
    var blows: Int { state.withLock { $0.blows } }

    func start() async throws {
        let number = state.withLock { state in
            state.lives += 1
            return state.lives
        }
        let marks = peer.directory.path("marks-\(number)")
        try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: true)
        let worker = try await peer.worker(
            .prefork,
            name: "python\(number)",
            queues: [queue],
            concurrency: 2,
            arguments: ["--without-gossip", "--without-mingle", "--prefetch-multiplier=1"],
            environment: ["CANVAS_MARKS": marks]
        )
        state.withLock { $0.life = Life(worker: worker, marks: marks) }
    }

    /// Strikes it when it is busy, and starts another; does nothing when it is not for some seconds.
    func strike() async throws {
        guard let life = state.withLock({ $0.life }) else { return }
        let isBusy = try await eventually(within: .seconds(5)) { () -> Bool in
            guard Self.isBusy(life) else { return false }
            life.worker.signalGroup(SIGSTOP)
            if Self.isBusy(life) { return true }
            life.worker.signalGroup(SIGCONT)
            return false
        }
        guard isBusy else { return }
        await life.worker.kill()
        state.withLock { $0.blows += 1 }
        try await start()
    }

    func end() async {
        if let life = state.withLock({ $0.life }) { await life.worker.end() }
    }

    private static func isBusy(_ life: Life) -> Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: life.marks)) ?? []).count == 2
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// How a ``PreforkPool`` starts and limits its child processes.
public struct PreforkConfiguration: Sendable {
    /// Child processes.
    public var slots: Int
    /// Tasks after which a child is replaced; nil is never. Source: `worker_max_tasks_per_child`.
    public var maxTasksPerChild: Int?
    /// KiB of resident memory above which a child is replaced after its task; at twice that it is killed. Nil is no
    /// limit. Source: `worker_max_memory_per_child`.
    public var maxMemoryPerChild: Int?
    /// How long a new child may take to report itself. Default 4 s. Source: `worker_proc_alive_timeout`.
    public var aliveTimeout: Duration
    /// Bytes of one request or result between the processes. Default 256 MiB; a larger one fails with a typed error.
    public var frameLimit: Int
    /// What the children run. Nil is the running executable with its own arguments.
    public var executable: (path: String, arguments: [String])?
    /// Variables set for the children on top of this process's own.
    public var environment: [String: String]
    /// Called before each child is started.
    var willSpawn: (@Sendable () -> Void)?
    /// How long a child may be at one job, or silent, before what waits behind it is taken back.
    var patience: Duration = .milliseconds(5)

    /// A pool without limits for its children.
    public init(slots: Int) {
        self.slots = slots
        aliveTimeout = .seconds(4)
        frameLimit = FrameLimit.standard
        environment = [:]
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What the command line's `worker` options say; nil means: as the settings say.
public struct WorkerOptions: Sendable {
    /// Node name; `%h`, `%n`, `%d` are expanded. Default `celery@%h`.
    public var hostname: String?
    /// `-Q`; nil is all configured queues.
    public var queues: [String]?
    /// `-X`.
    public var excludeQueues: [String] = []
    /// `-P`: prefork, threads, async (gevent, eventlet), solo.
    public var pool: String?
    /// `-c`.
    public var concurrency: Int?
    public var prefetchMultiplier: Int?
    /// `--autoscale=max,min`.
    public var autoscale: (max: Int, min: Int)?
    /// How long after the pool last grew it may shrink. Default 30 s; `AUTOSCALE_KEEPALIVE`.
    public var autoscaleKeepalive: Duration?
    public var timeLimit: Duration?
    public var softTimeLimit: Duration?
    public var maxTasksPerChild: Int?
    /// KiB.
    public var maxMemoryPerChild: Int?
    /// `-S`: file of revoked ids, for a broker whose store forgets them.
    public var stateDB: String?
    /// Purge all configured queues at start.
    public var purge = false
    /// `-E`; nil leaves it to `worker_send_task_events`.
    public var taskEvents: Bool?
    /// `--heartbeat-interval`: between two `worker-heartbeat` events. Default 2 s; monitors take a worker for dead after two of
    /// them.
    public var heartbeatInterval: Duration?
    /// `--without-heartbeat`: no events of the worker itself.
    public var withoutHeartbeat = false
    /// `--without-mingle`: does not ask its neighbours at its start.
    public var withoutMingle = false
    /// `--without-remote-control`: listens to no commands. Ours; so does `worker_enable_remote_control` off.
    public var withoutRemoteControl = false

    public init() {}
}

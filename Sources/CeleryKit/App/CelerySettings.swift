//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
public import CeleryWire

/// The settings of an app, under Celery's names and with Celery's defaults (`task_acks_late` is `taskAcksLate`).
public struct CelerySettings: Sendable {
    public var acceptContent: [String] = ["json"]
    public var resultAcceptContent: [String]?
    public var timezone: String?

    public var brokerURL: String?
    public var brokerTransportOptions: CeleryObject = [:]
    public var brokerConnectionRetry = true
    public var brokerConnectionRetryOnStartup: Bool?
    public var brokerConnectionMaxRetries: Int? = 100
    /// How long one call to the broker may take. Ours; default 5 s.
    public var brokerTimeout: Duration = .seconds(5)

    public var resultBackend: String?
    public var resultBackendTransportOptions: CeleryObject = [:]
    public var resultSerializer = "json"
    public var resultExtended = false
    /// Nil keeps results for ever.
    public var resultExpires: Duration? = .seconds(86400)

    public var taskAcksLate = false
    public var taskAcksOnFailure = true
    public var taskAcksOnTimeout = true
    public var taskRejectOnWorkerLost = false
    public var taskRetryOnWorkerLost = false
    public var taskAlwaysEager = false
    public var taskEagerPropagates = false
    public var taskStoreEagerResult = false
    public var taskSerializer = "json"
    public var taskCompression: String?
    public var taskIgnoreResult = false
    public var taskStoreErrorsEvenIfIgnored = false
    public var taskTrackStarted = false
    public var taskTimeLimit: Duration?
    public var taskSoftTimeLimit: Duration?
    public var taskDefaultQueue = "celery"
    public var taskDefaultExchange: String?
    public var taskDefaultExchangeType: Exchange.Kind = .direct
    public var taskDefaultRoutingKey: String?
    public var taskDefaultPriority: Int?
    public var taskInheritParentPriority = false
    public var taskDefaultRateLimit: String?
    public var taskCreateMissingQueues = true
    public var taskQueues: [Queue] = []
    public var taskRoutes = TaskRoutes()

    public var workerConcurrency: Int?
    public var workerPool = "prefork"
    public var workerPrefetchMultiplier = 4
    public var workerMaxTasksPerChild: Int?
    /// KiB of resident memory.
    public var workerMaxMemoryPerChild: Int?
    public var workerDisableRateLimits = false
    public var workerLostWait: Duration = .seconds(10)
    public var workerProcAliveTimeout: Duration = .seconds(4)
    public var workerSoftShutdownTimeout: Duration = .zero
    public var workerEnableSoftShutdownOnIdle = false
    public var workerStateDB: String?
    public var workerSendTaskEvents = false
    /// How long a silent worker is taken for alive. Ours; default 10 s.
    public var workerLease: Duration = .seconds(10)
    /// Deaths of its worker process after which a task goes to the dead letters. Ours; default 5.
    public var taskMaxWorkerDeaths = 5
    public var deadLetterRetention: Duration = .seconds(7 * 86400)
    public var deadLetterLimit = 10000

    public init() {}
}

/// Where tasks go by name; see `task_routes`.
public struct TaskRoutes: Sendable {
    public init() {}
}

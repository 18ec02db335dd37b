//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//
// Long because it is a list: one property a setting, in the order of Celery's reference.

public import CeleryCore
public import CeleryWire

/// The settings of an app, under Celery's names and with Celery's defaults (`task_acks_late` is `taskAcksLate`).
///
/// ``SettingTable`` knows each by its Celery name, and reads it from text and from files.
public struct CelerySettings: Sendable {
    // MARK: General

    /// Serializers (names or content types) that a worker decodes; others are refused.
    public var acceptContent: [String] = ["json"]
    /// The same for results; nil: as `acceptContent`.
    public var resultAcceptContent: [String]?
    /// Name of a zone of the time zone database; nil is UTC. For schedules: without effect until there is beat.
    public var timezone: String?

    // MARK: Broker

    public var brokerURL: String?
    public var brokerTransportOptions: CeleryObject = [:]
    public var brokerConnectionTimeout: Duration = .seconds(4)
    public var brokerConnectionRetry = true
    /// Nil: as `brokerConnectionRetry`.
    public var brokerConnectionRetryOnStartup: Bool?
    /// Attempts before giving up; nil is without limit.
    public var brokerConnectionMaxRetries: Int? = 100
    public var brokerFailoverStrategy: String?
    public var brokerHeartbeat: Duration? = .seconds(120)
    public var brokerHeartbeatCheckrate = 3.0
    public var brokerLoginMethod: String?
    public var brokerNativeDelayedDeliveryQueueType = "quorum"
    public var brokerPoolLimit: Int? = 10
    public var brokerPoolAcquireTimeout: Duration?
    /// `true`, `false` or, for Redis, an object of `ssl_cert_reqs`, `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`,
    /// `ssl_check_hostname`.
    public var brokerUseSSL: CeleryValue = .bool(false)
    /// How long one call to the broker may take. Ours; default 5 s.
    public var brokerTimeout: Duration = .seconds(5)

    // MARK: Remote control and events

    public var controlExchange = "celery"
    public var controlQueueTTL: Duration = .seconds(300)
    public var controlQueueExpires: Duration = .seconds(10)
    public var controlQueueExclusive = true
    public var controlQueueDurable = false
    public var eventExchange = "celeryev"
    public var eventQueuePrefix = "celeryev"
    public var eventQueueExpires: Duration = .seconds(60)
    public var eventQueueTTL: Duration = .seconds(5)
    public var eventQueueExclusive = true
    public var eventQueueDurable = false
    public var eventSerializer = "json"

    // MARK: Results

    public var resultBackend: String?
    public var resultBackendTransportOptions: CeleryObject = [:]
    public var resultBackendAlwaysRetry = false
    /// Nil is without limit.
    public var resultBackendMaxRetries: Int?
    public var resultBackendBaseSleepBetweenRetries: Duration = .milliseconds(10)
    public var resultBackendMaxSleepBetweenRetries: Duration = .seconds(10)
    /// How many results a client remembers; 0 without limit, -1 none.
    public var resultCacheMax = -1
    public var resultChordRetryInterval: Duration = .seconds(1)
    public var resultChordJoinTimeout: Duration = .seconds(3)
    public var resultExchange = "celeryresults"
    public var resultExchangeType: Exchange.Kind = .direct
    /// Nil keeps results for ever.
    public var resultExpires: Duration? = .seconds(86400)
    /// For failures; nil: as `resultExpires`; zero: for ever.
    public var resultFailureExpires: Duration?
    /// For a chord's counters; nil: as `resultExpires`.
    public var resultChordExpires: Duration?
    public var resultExtended = false
    public var resultPersistent: Bool?
    /// Name of a registered serializer. A reader has to have the same (or be a Swift program), and to accept it.
    public var resultSerializer = "json"
    /// Name of a registered compression (`zlib`, `bzip2`, …); nil: none. Celery reads such results since 5.7.
    public var resultCompression: String?

    // MARK: Redis as result backend

    /// `true`, or an object of `ssl_cert_reqs`, `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`, `ssl_check_hostname`.
    public var redisBackendUseSSL: CeleryValue = .null
    /// Nil: 25 s.
    public var redisBackendHealthCheckInterval: Duration?
    public var redisClientName: String?
    public var redisMaxConnections: Int?
    public var redisUsername: String?
    public var redisPassword: String?
    public var redisRetryOnTimeout = false
    public var redisSocketConnectTimeout: Duration?
    public var redisSocketKeepalive = false
    /// Nil: 5 s. Celery's default is 120 s.
    public var redisSocketTimeout: Duration?

    // MARK: Message signing

    public var securityCertificate: String?
    public var securityCertStore: String?
    public var securityDigest = "sha256"
    public var securityKey: String?
    public var securityKeyPassword: String?

    // MARK: Tasks

    public var taskAcksLate = false
    public var taskAcksOnFailure = true
    public var taskAcksOnTimeout = true
    public var taskRejectOnWorkerLost = false
    public var taskRetryOnWorkerLost = false
    public var taskAllowErrorCallbackOnChordHeader = false
    public var taskAlwaysEager = false
    public var taskEagerPropagates = false
    public var taskStoreEagerResult = false
    public var taskAnnotations = TaskAnnotations()
    public var taskSerializer = "json"
    public var taskCompression: String?
    public var taskIgnoreResult = false
    public var taskStoreErrorsEvenIfIgnored = false
    public var taskTrackStarted = false
    public var taskTimeLimit: Duration?
    public var taskSoftTimeLimit: Duration?
    /// 1 (transient) or 2 (persistent).
    public var taskDefaultDeliveryMode = 2
    public var taskDefaultQueue = "celery"
    public var taskDefaultQueueType = "classic"
    /// Nil: as the default queue.
    public var taskDefaultExchange: String?
    public var taskDefaultExchangeType: Exchange.Kind = .direct
    /// Nil: as the default queue.
    public var taskDefaultRoutingKey: String?
    public var taskDefaultPriority: Int?
    public var taskInheritParentPriority = false
    public var taskDefaultRateLimit: String?
    public var taskCreateMissingQueues = true
    public var taskCreateMissingQueueType = "classic"
    /// Nil: direct.
    public var taskCreateMissingQueueExchangeType: Exchange.Kind?
    /// Version of the message protocol: 2, or 1.
    public var taskProtocol = 2
    public var taskPublishRetry = true
    public var taskPublishRetryPolicy: CeleryObject = [
        "max_retries": 3, "interval_start": 0, "interval_max": 1, "interval_step": 0.2,
    ]
    public var taskQueues: [Queue] = []
    public var taskQueueMaxPriority: Int?
    public var taskRemoteTracebacks = false
    /// Levels of arguments that `argsrepr` shows; nil and 0 are without limit.
    public var taskReprMaxLevels: Int? = 3
    public var taskRoutes = TaskRoutes()
    public var taskSendSentEvent = false
    /// So many calls of a chain travel in its messages, the rest waits in the result backend. Ours; default nil: all travel.
    public var taskChainInlineLimit: Int?
    /// Deaths of its worker process after which a task goes to the dead letters. Ours; default 5.
    public var taskMaxWorkerDeaths = 5

    // MARK: Worker

    public var workerCancelLongRunningTasksOnConnectionLoss = false
    /// Nil: the number of CPUs; 100 in the `async` pool.
    public var workerConcurrency: Int?
    public var workerDeduplicateSuccessfulTasks = false
    public var workerDetectQuorumQueues = true
    public var workerDirect = false
    public var workerDisablePrefetch = false
    public var workerDisableRateLimits = false
    public var workerEnablePrefetchCountReduction = true
    public var workerEnableRemoteControl = true
    public var workerETATaskLimit: Int?
    public var workerLogColor: Bool?
    public var workerLogFile: String?
    public var workerLostWait: Duration = .seconds(10)
    public var workerMaxTasksPerChild: Int?
    /// KiB of resident memory.
    public var workerMaxMemoryPerChild: Int?
    public var workerPIDFile: String?
    /// User that the command line's worker runs as: a name or a number.
    public var workerUID: String?
    /// Group, likewise; nil: the user's own.
    public var workerGID: String?
    /// Octal digits after a 0: `027`.
    public var workerUmask: String?
    public var workerPool = "prefork"
    public var workerPoolRestarts = false
    /// 0 is without limit.
    public var workerPrefetchMultiplier = 4
    public var workerProcAliveTimeout: Duration = .seconds(4)
    public var workerSendTaskEvents = false
    public var workerSoftShutdownTimeout: Duration = .zero
    public var workerEnableSoftShutdownOnIdle = false
    public var workerStateDB: String?
    /// How long a silent worker is taken for alive. Ours; default 10 s.
    public var workerLease: Duration = .seconds(10)
    /// TCP port of the worker's health checks; 0 is any free one, nil is none. Ours.
    public var workerHealthPort: Int?
    /// Address that they are served at. Ours; default all of the machine's.
    public var workerHealthHost = "0.0.0.0"
    /// How long a worker may stand still before it counts as dead. Ours; default 30 s.
    public var workerHealthTimeout: Duration = .seconds(30)

    // MARK: Dead letters (ours)

    public var deadLetterRetention: Duration = .seconds(7 * 86400)
    public var deadLetterLimit = 10000

    // MARK: Beat

    public var beatCronStartingDeadline: Duration?
    /// Zero: as the scheduler says.
    public var beatMaxLoopInterval: Duration = .zero
    public var beatSchedule: CeleryObject = [:]
    public var beatScheduleFilename = "celerybeat-schedule"
    public var beatSyncEvery = 0
    public var beatEnableRemoteControl = false
    public var beatRemoteControlMaxTickAge: Duration?

    public init() {}
}

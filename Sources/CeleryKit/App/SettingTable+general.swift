//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension SettingTable {
    private static let amqp = "there is no RabbitMQ transport in this version"
    private static let network = "the brokers of this version have times and orders of their own: see docs/redis.md"

    static let general: [Setting] = [
        Setting("accept_content", \.acceptContent, "serializers that a worker decodes"),
        Setting("result_accept_content", \.resultAcceptContent, "the same for results; default accept_content"),
        Setting("timezone", \.timezone, "zone of periodic tasks' schedules", pending: noBeat),
    ]

    static let broker: [Setting] = [
        Setting("broker_url", \.brokerURL, "where messages go: scheme://…"),
        Setting("broker_transport_options", \.brokerTransportOptions, "what the transport itself understands"),
        Setting("broker_connection_timeout", \.brokerConnectionTimeout, "for one connection attempt", pending: network),
        Setting("broker_connection_retry", \.brokerConnectionRetry, "connect again after a loss"),
        Setting("broker_connection_retry_on_startup", \.brokerConnectionRetryOnStartup, "the same at start"),
        Setting(
            "broker_connection_max_retries",
            \.brokerConnectionMaxRetries,
            "attempts before giving up; null is without limit",
            expected: "a whole number, 0 or more, or null",
            allowed: { $0 ?? 0 >= 0 }
        ),
        Setting("broker_failover_strategy", \.brokerFailoverStrategy, "order of several brokers", pending: network),
        Setting("broker_heartbeat", \.brokerHeartbeat, "AMQP heartbeat", pending: amqp),
        Setting("broker_heartbeat_checkrate", \.brokerHeartbeatCheckrate, "checks in one heartbeat", pending: amqp),
        Setting("broker_login_method", \.brokerLoginMethod, "SASL mechanism", pending: amqp),
        Setting(
            "broker_native_delayed_delivery_queue_type",
            \.brokerNativeDelayedDeliveryQueueType,
            "type of the delay queues",
            pending: amqp,
            expected: "classic or quorum",
            allowed: isQueueType
        ),
        Setting("broker_pool_limit", \.brokerPoolLimit, "connections at the same time", pending: network),
        Setting("broker_pool_acquire_timeout", \.brokerPoolAcquireTimeout, "wait for a connection", pending: network),
        Setting(
            "broker_use_ssl",
            \.brokerUseSSL,
            "TLS: true, false or its options",
            expected: "true, false or an object",
            allowed: isSwitchOrObject
        ),
        Setting("broker_timeout", \.brokerTimeout, "how long one call to the broker may take (not in Celery)"),
    ]

    private static let noQueues = "on the brokers of this version commands and events lie in no queues"

    static let messages: [Setting] = [
        Setting("control_exchange", \.controlExchange, "prefix of the exchanges for control"),
        Setting("control_queue_ttl", \.controlQueueTTL, "life of a control message", pending: noQueues),
        Setting("control_queue_expires", \.controlQueueExpires, "life of an unused control queue", pending: noQueues),
        Setting("control_queue_exclusive", \.controlQueueExclusive, "exclusive control queue", pending: noQueues),
        Setting("control_queue_durable", \.controlQueueDurable, "durable control queue", pending: noQueues),
        Setting("event_exchange", \.eventExchange, "exchange for events"),
        Setting("event_queue_prefix", \.eventQueuePrefix, "prefix of receivers' queues"),
        Setting("event_queue_expires", \.eventQueueExpires, "life of an unused receiver's queue", pending: noQueues),
        Setting("event_queue_ttl", \.eventQueueTTL, "life of an event", pending: noQueues),
        Setting("event_queue_exclusive", \.eventQueueExclusive, "exclusive receiver's queue", pending: noQueues),
        Setting("event_queue_durable", \.eventQueueDurable, "durable receiver's queue", pending: noQueues),
        Setting("event_serializer", \.eventSerializer, "serializer of events"),
        Setting("security_certificate", \.securityCertificate, "own certificate, PEM", pending: noSigning),
        Setting("security_cert_store", \.securityCertStore, "trusted certificates", pending: noSigning),
        Setting("security_digest", \.securityDigest, "digest of signatures", pending: noSigning),
        Setting("security_key", \.securityKey, "own private key, PEM", pending: noSigning),
        Setting("security_key_password", \.securityKeyPassword, "its pass phrase", pending: noSigning),
    ]

    private static let noSigning = "signed messages come with a later version"

    static let results: [Setting] = [
        Setting("result_backend", \.resultBackend, "where results are kept: scheme://…"),
        Setting("result_backend_transport_options", \.resultBackendTransportOptions, "what the store understands"),
        Setting(
            "result_backend_always_retry",
            \.resultBackendAlwaysRetry,
            "try again after an error",
            pending: retries
        ),
        Setting(
            "result_backend_max_retries",
            \.resultBackendMaxRetries,
            "attempts; default no limit",
            pending: retries
        ),
        Setting(
            "result_backend_base_sleep_between_retries_ms",
            \.resultBackendBaseSleepBetweenRetries.milliseconds,
            "first pause, in milliseconds",
            pending: retries
        ),
        Setting(
            "result_backend_max_sleep_between_retries_ms",
            \.resultBackendMaxSleepBetweenRetries.milliseconds,
            "longest pause, in milliseconds",
            pending: retries
        ),
        Setting("result_cache_max", \.resultCacheMax, "results a client remembers", pending: "nothing is cached"),
        Setting("result_chord_retry_interval", \.resultChordRetryInterval, "pause between two looks of chord_unlock"),
        Setting("result_chord_join_timeout", \.resultChordJoinTimeout, "wait for a chord's parts", pending: noJoin),
        Setting("result_exchange", \.resultExchange, "exchange of the rpc backend", pending: amqp),
        Setting("result_exchange_type", \.resultExchangeType, "its type", pending: amqp),
        Setting("result_expires", \.resultExpires.zeroIsNone, "how long results are kept; 0 or null for ever"),
        Setting(
            "result_failure_expires",
            \.resultFailureExpires,
            "the same for failures; null: as the others, 0: for ever"
        ),
        Setting("result_chord_expires", \.resultChordExpires, "the same for a chord's counters"),
        Setting("result_extended", \.resultExtended, "store name, arguments, worker, … too"),
        Setting("result_persistent", \.resultPersistent, "persistent replies of the rpc backend", pending: amqp),
        Setting(
            "result_serializer",
            \.resultSerializer,
            "serializer of results",
            expected:
                "json, msgpack, yaml or another that is registered; never pickle, which can run any code when read",
            allowed: { !$0.isEmpty && !isPickle($0) }
        ),
        Setting(
            "result_compression",
            \.resultCompression,
            "compression of results",
            expected: "zlib, bzip2, lzma, brotli, zstd or another that is registered, or null",
            allowed: { $0 != "" }
        ),
    ]

    static let redisResults: [Setting] = [
        Setting(
            "redis_backend_use_ssl",
            \.redisBackendUseSSL,
            "TLS: true, false or its options",
            expected: "true, false or an object",
            allowed: isSwitchOrObject
        ),
        Setting(
            "redis_backend_health_check_interval",
            \.redisBackendHealthCheckInterval,
            "ask a silent connection whether it lives; 0: never"
        ),
        Setting(
            "redis_client_name",
            \.redisClientName,
            "CLIENT SETNAME",
            expected: "a text without spaces and line ends, or null",
            allowed: { $0?.contains(where: \.isWhitespace) != true }
        ),
        Setting(
            "redis_max_connections",
            \.redisMaxConnections,
            "connections at the same time",
            pending: "a program has one connection for results and one to wait over, for any number of callers"
        ),
        Setting("redis_username", \.redisUsername, "ACL user, where result_backend names none"),
        Setting("redis_password", \.redisPassword, "its password, where result_backend has none"),
        Setting(
            "redis_retry_on_timeout",
            \.redisRetryOnTimeout,
            "try again after a timeout",
            pending: "a worker always stores again what it could not store, and who waits goes on waiting"
        ),
        Setting(
            "redis_socket_connect_timeout",
            \.redisSocketConnectTimeout,
            "to connect; default 4 s",
            expected: seconds,
            allowed: isPositive
        ),
        Setting("redis_socket_keepalive", \.redisSocketKeepalive, "TCP keepalive", pending: "it is always on"),
        Setting(
            "redis_socket_timeout",
            \.redisSocketTimeout,
            "for an answer; default 5 s",
            expected: seconds,
            allowed: isPositive
        ),
    ]

    private static let seconds = "a number of seconds above 0, or null"
    private static let isPositive: @Sendable (Duration?) -> Bool = { $0 ?? .seconds(1) > .zero }
    private static let isPickle: @Sendable (String) -> Bool = {
        ["pickle", "application/x-python-serialize"].contains($0)
    }
    private static let retries = "outcomes wait under lease and are tried again without limit"
    static let noJoin = "a chord's body is given what was counted, for which nobody waits"

    static let beat: [Setting] = [
        Setting("beat_cron_starting_deadline", \.beatCronStartingDeadline, "how late a run may start", pending: noBeat),
        Setting("beat_max_loop_interval", \.beatMaxLoopInterval, "longest sleep; 0: the scheduler's", pending: noBeat),
        Setting("beat_schedule", \.beatSchedule, "periodic tasks", pending: noBeat),
        Setting("beat_schedule_filename", \.beatScheduleFilename, "file of last runs", pending: noBeat),
        Setting("beat_sync_every", \.beatSyncEvery, "save after so many tasks", pending: noBeat),
        Setting("beat_enable_remote_control", \.beatEnableRemoteControl, "answer to control", pending: noBeat),
        Setting("beat_remote_control_max_tick_age", \.beatRemoteControlMaxTickAge, "when it is stuck", pending: noBeat),
    ]

    private static let noBeat = "beat comes with a later version"

    static let isQueueType: @Sendable (String) -> Bool = { $0 == "classic" || $0 == "quorum" }
    private static let isSwitchOrObject: @Sendable (CeleryValue) -> Bool = { value in
        switch value {
        case .null, .bool, .object: true
        default: false
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Testing

@Suite struct SettingsTests {
    @Test func theDefaultsAreCelerys() {
        let expected: [(String, CeleryValue)] = [
            ("accept_content", ["json"]), ("broker_connection_max_retries", 100), ("broker_connection_timeout", 4),
            ("broker_heartbeat", 120), ("broker_pool_limit", 10), ("control_queue_expires", 10),
            ("event_queue_prefix", "celeryev"), ("result_expires", 86400), ("result_extended", false),
            ("redis_socket_timeout", .null), ("task_acks_late", false), ("task_acks_on_failure_or_timeout", true),
            ("task_create_missing_queues", true), ("task_default_delivery_mode", 2), ("task_default_queue", "celery"),
            ("task_default_exchange_type", "direct"), ("task_protocol", 2), ("task_publish_retry", true),
            ("task_serializer", "json"), ("task_time_limit", .null), ("worker_concurrency", .null),
            ("worker_lost_wait", 10), ("worker_pool", "prefork"), ("worker_prefetch_multiplier", 4),
            ("worker_proc_alive_timeout", 4), ("worker_soft_shutdown_timeout", 0), ("worker_send_task_events", false),
            ("beat_schedule_filename", "celerybeat-schedule"), ("result_backend_max_sleep_between_retries_ms", 10000),
        ]
        for (name, value) in expected { #expect(SettingTable[name]?.defaultValue == value, "\(name)") }
    }

    @Test func namesAreUniqueAndEverySettingIsExplained() {
        #expect(Set(SettingTable.all.map(\.name)).count == SettingTable.all.count)
        for setting in SettingTable.all {
            #expect(setting.name.allSatisfy { $0.isLowercase || $0 == "_" }, "\(setting.name)")
            #expect(!setting.summary.isEmpty, "\(setting.name)")
        }
    }

    @Test(arguments: SettingTable.all.map(\.name))
    func everyDefaultCanBeSetAgain(name: String) throws {
        var settings = CelerySettings()
        let setting = try #require(SettingTable[name])
        #expect(try settings.set(name, to: setting.defaultValue) == nil)
        #expect(settings.describe(masked: false).isEmpty)
    }

    @Test(
        arguments: [
            ("task_acks_late", "true", CeleryValue.bool(true)), ("task_acks_late", "1", true),
            ("task_acks_late", "On", true),
            ("worker_concurrency", "8", 8), ("worker_concurrency", "none", .null), ("task_time_limit", "1.5", 1.5),
            ("result_expires", "0", .null), ("accept_content", "json, msgpack", ["json", "msgpack"]),
            ("accept_content", "[\"yaml\"]", ["yaml"]), ("worker_pool", "gevent", "gevent"),
            ("broker_transport_options", #"{"visibility_timeout": 60}"#, ["visibility_timeout": 60]),
            ("task_routes", #"{"a.*": "q"}"#, [["a.*", "q"]]), ("task_default_exchange_type", "topic", "topic"),
            ("result_backend_base_sleep_between_retries_ms", "25", 25), ("broker_url", "", .null),
        ] as [(String, String, CeleryValue)]
    )
    func textIsReadByTheSettingsType(name: String, text: String, value: CeleryValue) throws {
        var settings = CelerySettings()
        try settings.set(name, text: text, origin: .environment)
        #expect(settings.describe(masked: false, withDefaults: true)[name] == value)
    }

    @Test(
        arguments: [
            ("task_acks_late", CeleryValue.string("yes"), "true or false"), ("worker_concurrency", 0, "1 or more"),
            ("worker_prefetch_multiplier", -1, "0 or more"),
            ("task_time_limit", -3, "a number of seconds, 0 or more, or null"),
            ("task_time_limit", "soon", "a number of seconds"), ("worker_pool", "fibers", "one of prefork"),
            ("task_protocol", 3, "1 or 2"), ("accept_content", ["json", 1], "a list"),
            ("task_default_queue", "", "a name"),
            ("task_routes", ["a": ["queu": "x"]], "an object of task name or pattern"),
            ("task_routes", ["/(/": "x"], "an object of task name or pattern"),
            ("task_default_priority", 300, "0 to 255"),
            ("task_time_limit", .double(.infinity), "a number of seconds"),
            ("result_expires", 1e300, "a number of seconds"),
        ] as [(String, CeleryValue, String)]
    )
    func aWrongValueNamesSettingValueAndExpectation(name: String, value: CeleryValue, expected: String) {
        var settings = CelerySettings()
        let error = #expect(throws: SettingsError.self) { try settings.set(name, to: value, origin: .file("c.json")) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("setting \(name) in c.json is ") == true)
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        #expect(settings.describe().isEmpty)
    }

    @Test func aWrongSecretIsNotShown() {
        var settings = CelerySettings()
        let error = #expect(throws: SettingsError.self) { try settings.set("redis_password", to: 12345) }
        #expect(error?.message == "setting redis_password in code is ********; it has to be a text, or null")
    }

    @Test(
        arguments: [
            ("task_ack_late", "task_acks_late"), ("task_acks_lat", "task_acks_late"),
            ("worker_concurency", "worker_concurrency"),
            ("Task_Acks_Late", "task_acks_late"), ("brokerurl", "broker_url"), ("completely_different_thing", nil),
        ] as [(String, String?)]
    )
    func anUnknownSettingSuggestsTheNearest(name: String, nearest: String?) {
        var settings = CelerySettings()
        let error = #expect(throws: SettingsError.self) { try settings.set(name, to: true) }
        #expect(error?.code == .unknown)
        #expect(error?.suggestion == nearest)
    }

    @Test(arguments: [
        ("CELERYD_CONCURRENCY", "worker_concurrency"), ("CELERY_ALWAYS_EAGER", "task_always_eager"),
        ("CELERY_TASK_ACKS_LATE", "task_acks_late"), ("CELERY_ACKS_LATE", "task_acks_late"),
        ("BROKER_URL", "broker_url"),
        ("CELERYBEAT_SCHEDULE", "beat_schedule"), ("CELERY_DEFAULT_QUEUE", "task_default_queue"),
        ("CELERYD_TASK_TIME_LIMIT", "task_time_limit"), ("CELERY_SEND_EVENTS", "worker_send_task_events"),
        ("CELERY_ROUTES", "task_routes"), ("CELERY_RESULT_BACKEND", "result_backend"), ("CELERY_IMPORTS", "imports"),
        ("CELERY_TASK_RESULT_EXPIRES", "result_expires"), ("CELERY_DISABLE_RATE_LIMITS", "worker_disable_rate_limits"),
    ])
    func anOldNameIsAnsweredWithTodays(old: String, current: String) {
        var settings = CelerySettings()
        let error = #expect(throws: SettingsError.self) { try settings.set(old, to: 1, origin: .file("c.json")) }
        #expect(error?.code == .oldName)
        #expect(error?.suggestion == current)
    }

    @Test func settingsWithoutMeaningAreAcceptedWithTheReason() throws {
        var settings = CelerySettings()
        let warnings = try settings.set(
            ["imports": ["proj.tasks"], "worker_timer": "x", "mongodb_backend_settings": [:], "enable_utc": false],
            origin: .file("c.json")
        )
        #expect(warnings.map(\.name) == ["imports", "worker_timer", "mongodb_backend_settings", "enable_utc"])
        #expect(warnings[0].description.hasPrefix("setting imports in c.json has no effect: "))
        #expect(settings.describe().isEmpty)
    }

    @Test func aSettingOfALaterVersionIsKeptWithAWarning() throws {
        var settings = CelerySettings()
        #expect(try settings.set("broker_heartbeat", to: 120) == nil)
        #expect(try settings.set("broker_heartbeat", to: 30)?.name == "broker_heartbeat")
        #expect(settings.brokerHeartbeat == .seconds(30))
    }

    @Test func aTimeZoneIsSaidToBeForSchedulesThatAreNotHere() throws {
        var settings = CelerySettings()
        let warning = try settings.set("timezone", to: "Europe/Berlin", origin: .file("c.json"))
        #expect(warning?.description == "setting timezone in c.json has no effect: beat comes with a later version")
        #expect(settings.timezone == "Europe/Berlin")
    }

    @Test func aFileIsTakenAsAWholeOrNotAtAll() {
        var settings = CelerySettings()
        #expect(throws: SettingsError.self) {
            try settings.set(["task_acks_late": true, "worker_pool": 3], origin: .file("c.json"))
        }
        #expect(settings.taskAcksLate == false)
    }

    @Test func theOlderNameOfBothAcknowledgementsGivesWayToTheNewer() throws {
        var settings = CelerySettings()
        try settings.set(["task_acks_on_failure": true, "task_acks_on_failure_or_timeout": false], origin: .code)
        #expect(settings.taskAcksOnFailure)
        #expect(!settings.taskAcksOnTimeout)
    }

    @Test func secretsAreMaskedByTheirKeyAtAnyDepthAndInURLs() throws {
        var settings = CelerySettings()
        settings.brokerURL = "redis://me:hunter2@host/0"
        settings.redisPassword = "hunter2"
        settings.brokerTransportOptions = [
            "retry": 3, "sentinel_kwargs": ["password": "hunter2"], "urls": ["a://b:c@d"],
        ]
        let shown = settings.describe()
        #expect(shown["broker_url"] == "redis://me:**@host/0")
        #expect(shown["redis_password"] == "********")
        #expect(
            shown["broker_transport_options"]
                == ["retry": 3, "sentinel_kwargs": ["password": "********"], "urls": ["a://b:**@d"]]
        )
        #expect(settings.describe(masked: false)["redis_password"] == "hunter2")
    }

    @Test func queuesAreReadFromNamesObjectsAndMaps() throws {
        var settings = CelerySettings()
        try settings.set(
            "task_queues",
            to: [
                "plain",
                ["name": "t", "exchange": "ex", "exchange_type": "topic", "routing_key": "a.#"],
            ]
        )
        #expect(
            settings.taskQueues == [Queue("plain"), Queue("t", exchange: Exchange("ex", .topic), routingKey: "a.#")]
        )
        try settings.set(
            "task_queues",
            to: ["images": ["binding_key": "img", "queue_arguments": ["x-max-priority": 9]]]
        )
        #expect(settings.taskQueues == [Queue("images", routingKey: "img", arguments: ["x-max-priority": 9])])
        try settings.set("task_queues", text: "a,b", origin: .environment)
        #expect(settings.taskQueues.map(\.name) == ["a", "b"])
    }
}

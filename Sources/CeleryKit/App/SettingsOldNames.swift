//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Names of settings before Celery 4, and names with Django's `CELERY_` prefix.
enum SettingsOldNames {
    /// Today's name for an upper-case one; nil when it is none that we know.
    static func current(_ name: String) -> String? {
        guard name == name.uppercased(), name != name.lowercased() else { return nil }
        if let renamed = renamed[name] { return renamed }
        let lower = name.lowercased()
        for prefix in ["", "celery_"] where lower.hasPrefix(prefix) {
            let rest = String(lower.dropFirst(prefix.count))
            if SettingTable[rest] != nil || SettingsWithoutMeaning.reason(rest) != nil { return rest }
        }
        for (old, new) in prefixes where name.hasPrefix(old) {
            let rest = new + name.dropFirst(old.count).lowercased()
            if SettingTable[rest] != nil || SettingsWithoutMeaning.reason(rest) != nil { return rest }
        }
        return nil
    }

    private static let prefixes = [
        ("CELERYBEAT_", "beat_"), ("CELERYD_TASK_", "task_"), ("CELERYD_", "worker_"),
        ("CELERY_DEFAULT_", "task_default_"),
        ("CELERY_", "task_"), ("CELERY_", "worker_"),
    ]

    /// Those that follow no rule.
    private static let renamed = [
        "CELERY_ALWAYS_EAGER": "task_always_eager",
        "CELERY_EAGER_PROPAGATES_EXCEPTIONS": "task_eager_propagates",
        "CELERY_MESSAGE_COMPRESSION": "task_compression",
        "CELERY_TASK_RESULT_EXPIRES": "result_expires",
        "CELERY_RESULT_DBURI": "result_backend",
        "CELERY_RESULT_ENGINE_OPTIONS": "database_engine_options",
        "CELERY_RESULT_DB_SHORT_LIVED_SESSIONS": "database_short_lived_sessions",
        "CELERY_RESULT_DB_TABLE_NAMES": "database_table_names",
        "CELERY_RESULT_DB_TABLENAMES": "database_table_names",
        "CELERY_SEND_EVENTS": "worker_send_task_events",
        "CELERY_SEND_TASK_SENT_EVENT": "task_send_sent_event",
        "CELERY_MAX_CACHED_RESULTS": "result_cache_max",
        "CELERYD_WORKER_LOST_WAIT": "worker_lost_wait",
        "CELERYD_LOG_FORMAT": "worker_log_format",
        "CELERYD_TASK_LOG_FORMAT": "worker_task_log_format",
        "CELERY_BROADCAST_EXCHANGE": "control_exchange",
        "CELERY_EVENT_QUEUE_TTL": "event_queue_ttl",
    ]
}

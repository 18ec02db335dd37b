//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Settings of Celery that mean nothing here: accepted with a warning that says why, so that one file can serve both.
enum SettingsWithoutMeaning {
    private static let classes = "a Swift program cannot load a Python class by its name"
    private static let python = "it concerns the Python process only"
    private static let modules = "tasks are compiled in; a Swift program cannot import modules by name"
    private static let legacyURL = "write the whole of it as broker_url"
    private static let oneURL = "one broker_url serves for reading and writing"

    private static let exact: [String: String] = [
        "enable_utc": "message times always carry their offset",
        "imports": modules,
        "include": modules,
        "beat_scheduler": classes,
        "broker_read_url": oneURL,
        "broker_write_url": oneURL,
        "broker_transport": "the scheme of broker_url names the transport",
        "broker_channel_error_retry": "there are no channels that break by themselves",
        "broker_host": legacyURL,
        "broker_port": legacyURL,
        "broker_user": legacyURL,
        "broker_password": legacyURL,
        "broker_vhost": legacyURL,
        "redis_host": "write the whole of it as result_backend",
        "redis_port": "write the whole of it as result_backend",
        "redis_db": "write the whole of it as result_backend",
        "redis_backend_credential_provider": classes,
        "worker_agent": classes,
        "worker_autoscaler": classes,
        "worker_consumer": classes,
        "worker_timer": classes,
        "worker_timer_precision": "timers have the precision of the system's",
        "worker_hijack_root_logger": "logging is swift-log's, set up once by the program",
        "worker_log_format": "the format is chosen by --log-format (text or json)",
        "worker_task_log_format": "the format is chosen by --log-format (text or json)",
        "worker_log_datefmt": "the format is chosen by --log-format (text or json)",
        "worker_task_log_datefmt": "the format is chosen by --log-format (text or json)",
        "worker_pool_putlocks": "submissions are always bounded by the number of slots",
        "worker_pool_start_method": "processes are always spawned",
        "worker_redirect_stdouts": "output of tasks is left alone; log through a Logger",
        "worker_redirect_stdouts_level": "output of tasks is left alone; log through a Logger",
        "worker_executable": "a process always runs its own program",
        "result_backend_thread_safe": python,
        "override_backends": classes,
        "visibility_timeout": "a task is held under a lease, however long it runs; see worker_lease",
    ]

    private static let byPrefix: [(prefix: String, reason: String)] =
        [
            ("database_", "SQLAlchemy's"), ("cassandra_", "Cassandra"), ("s3_", "S3"), ("gcs_", "GCS"),
            ("azureblockblob_", "Azure"), ("couchbase_", "Couchbase"), ("arangodb_", "ArangoDB"),
            ("cache_", "memcached"),
            ("mongodb_", "MongoDB"), ("cosmosdbsql_", "Cosmos DB"), ("elasticsearch_", "Elasticsearch"),
            ("dynamodb_", "DynamoDB"), ("firestore_", "Firestore"),
        ]
        .map { ($0.0, "there is no \($0.1) result backend in this version") }
        + services

    private static var services: [(prefix: String, reason: String)] {
        ["logfile", "pidfile", "uid", "gid", "umask", "executable"]
            .flatMap { option -> [(prefix: String, reason: String)] in
                [
                    ("beat_" + option, "celery beat comes with a later version"),
                    ("events_" + option, "give celery events its option --\(option)"),
                ]
            }
    }

    /// Why the setting means nothing here; nil when it does, or does not exist.
    static func reason(_ name: String) -> String? {
        exact[name] ?? byPrefix.first { name.hasPrefix($0.prefix) }?.reason
    }

    /// Those with a name of their own, for suggestions.
    static var names: [String] { Array(exact.keys) }
}

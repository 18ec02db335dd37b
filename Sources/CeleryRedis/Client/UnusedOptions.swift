//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// Which of the options that were given mean nothing here: told once, for a setting that does nothing is worse than none.
struct UnusedOptions {
    /// What the options are for.
    enum Use {
        case broker
        case results
    }

    let context: PluginContext
    let use: Use

    /// One line for each: its name, and why, or what to do instead; its value only where that is no secret.
    var warnings: [String] {
        let place = use == .broker ? "the transport options" : "result_backend_transport_options"
        var lines: [String] = []
        for (name, value) in context.options.members where value != .null {
            if let reason = reason(name, value) { lines.append(line(name, value, in: place, reason)) }
        }
        if context.url.scheme == "sentinel", case .object(let keywords)? = context.options["sentinel_kwargs"] {
            for (name, _) in keywords.members where !Self.sentinel.contains(name) && !name.hasPrefix("ssl_") {
                lines.append(line(name, nil, in: "sentinel_kwargs", "sentinels are told a user, a password and TLS"))
            }
        }
        for (number, url) in ([context.url] + context.alternates).enumerated() {
            for name in url.query.keys.sorted() where !isRead(name, inQueryOf: number) {
                let known = (use == .broker ? Self.broker : Self.results).contains(name)
                let reason =
                    number > 0 && Self.queries.contains(name)
                    ? "it counts in the first URL only"
                    : Self.reasons[name] ?? (known ? "write it into \(place)" : Self.unknown)
                lines.append("\(name) in the query of \(url) has no effect on Redis: \(reason)")
            }
        }
        return lines
    }

    private func line(_ name: String, _ value: CeleryValue?, in place: String, _ reason: String) -> String {
        // What is not known may be a secret.
        let shown = value.flatMap { Self.reasons[name] == nil ? nil : "\(name) = \(PythonRepr.describe($0))" } ?? name
        return "\(shown) in \(place) has no effect on Redis: \(reason)"
    }

    /// Nil for one that is read.
    private func reason(_ name: String, _ value: CeleryValue) -> String? {
        if name.hasPrefix("ssl_") { return nil }
        if ["master_name", "sentinel_kwargs"].contains(name), context.url.scheme != "sentinel" {
            return "it is for URLs that begin with sentinel://"
        }
        switch use {
        case .broker:
            if Self.broker.contains(name) { return nil }
            if Self.ofResults.contains(name) { return "it belongs into result_backend_transport_options" }
        case .results:
            if Self.results.contains(name) { return nil }
            if Self.ofBroker.contains(name) { return "it belongs into broker_transport_options" }
        }
        return Self.reasons[name] ?? Self.unknown
    }

    /// Of alternates only what says how to get in is read.
    private func isRead(_ name: String, inQueryOf number: Int) -> Bool {
        if name.hasPrefix("ssl_") || ["username", "password", "db", "virtual_host"].contains(name) { return true }
        guard number == 0 else { return false }
        if Self.queries.contains(name) { return true }
        switch use {
        case .broker: return ["visibility_timeout", "wait_for_replicas_timeout"].contains(name)
        case .results: return name == "chord_claim_timeout"
        }
    }

    // MARK: - Names

    private static let unknown = "it is not known here; leave it out, or correct its name"

    /// Read by whatever connects.
    private static let common: Set = [
        "global_keyprefix", "socket_timeout", "socket_connect_timeout", "health_check_interval", "client_name",
        "master_name", "sentinel_kwargs", "username", "password", "ssl",
    ]
    private static let ofBroker: Set = [
        "sep", "priority_steps", "visibility_timeout", "wait_for_replicas", "wait_for_replicas_timeout",
        "fanout_prefix", "fanout_patterns", "unacked_key", "unacked_index_key", "queue_order_strategy",
    ]
    private static let ofResults: Set = ["result_chord_ordered", "chord_claim_timeout"]
    private static let broker = common.union(ofBroker)
    private static let results = common.union(ofResults)
    private static let sentinel: Set = ["username", "password", "ssl"]
    /// Texts and times that stand in the URL's query too.
    private static let queries: Set = [
        "client_name", "master_name", "socket_timeout", "socket_connect_timeout", "health_check_interval",
    ]

    private static let noLock =
        "no lock is taken; each message is given back by one script, which sees whether another worker was faster"
    private static let ownPace =
        "workers look after what dead Python workers held at each fourth renewal of their lease, and give all of it back"
    private static let told = "the server tells of new messages"
    private static let retries =
        "see broker_connection_retry, broker_connection_max_retries and task_publish_retry_policy"
    private static let alwaysAgain = "what was not sent is sent again as long as its caller's time lasts"

    private static let reasons = [
        "unacked_mutex_key": noLock, "unacked_mutex_expire": noLock,
        "unacked_restore_limit": ownPace, "unacked_restore_interval": ownPace, "unacked_restore_throttle": ownPace,
        "brpop_timeout": told, "polling_interval": told,
        "max_connections": "a program has one connection for commands, and each worker and each who listens one more",
        "socket_keepalive": "it is always on", "socket_keepalive_options": "the system's own are in force",
        "retry_on_timeout": alwaysAgain, "additional_connection_errors": alwaysAgain,
        "retry_policy":
            "a worker stores again what it could not until it can; who waits goes on as long as its time-out lasts",
        "max_retries": retries, "interval_start": retries, "interval_step": retries, "interval_max": retries,
        "credential_provider": "put user and password into the URL, or into username and password",
        "reauth_check_interval": "there is no credential_provider whose tokens would run out",
        "connection_class": "the URL's scheme says how to connect",
        "sentinel_fanout_compat": "channels are named as by kombu 5.4 and later",
        "min_other_sentinels": "a sentinel is believed whichever others it knows; the server must call itself a master",
        "ack_emulation": "what a worker holds is always kept in the server until it is acknowledged",
        "body_encoding": "bodies are written as base64, as by default, and read in either form",
        "deadletter_queue":
            "what goes nowhere is an error for its sender; see celery dead for what workers could not give back",
        "protocol": "RESP3 is spoken where the server knows it, else RESP2",
        "decode_responses": "replies are read as what they are",
    ]
}
#endif

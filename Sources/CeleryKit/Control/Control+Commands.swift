//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Celery's control commands. Each returns the answers; ``ControlReply/error`` says what a worker could not do.
extension Control {
    /// Which workers are there.
    public func ping() async throws -> [ControlReply] { try await request("ping") }

    /// Revokes tasks at once, also those that run, with `terminate`. ``CeleryApp/revoke(_:terminate:signal:)`` is what to use for
    /// a revocation that workers which are not there now respect as well.
    @discardableResult
    public func revoke(
        _ ids: [String],
        terminate: Bool = false,
        signal: String = "SIGTERM"
    ) async throws -> [ControlReply] {
        try await request(
            "revoke",
            ["task_id": .array(ids.map { .string($0) }), "terminate": .bool(terminate), "signal": .string(signal)]
        )
    }

    /// Ends tasks that run, and revokes them.
    @discardableResult
    public func terminate(_ ids: [String], signal: String = "SIGTERM") async throws -> [ControlReply] {
        try await revoke(ids, terminate: true, signal: signal)
    }

    /// Revokes tasks whose stamps have one of these values.
    @discardableResult
    public func revokeByStampedHeaders(
        _ headers: [String: [String]],
        terminate: Bool = false,
        signal: String = "SIGTERM"
    ) async throws -> [ControlReply] {
        var object = CeleryObject()
        for (name, values) in headers.sorted(by: { $0.key < $1.key }) {
            object[name] = .array(values.map { .string($0) })
        }
        return try await request(
            "revoke_by_stamped_headers",
            ["headers": .object(object), "terminate": .bool(terminate), "signal": .string(signal)]
        )
    }

    /// Changes how often tasks of a name may start: `10/m`; `0` is without limit.
    @discardableResult
    public func rateLimit(_ task: String, _ limit: String) async throws -> [ControlReply] {
        try await request("rate_limit", ["task_name": .string(task), "rate_limit": .string(limit)])
    }

    /// Changes how long tasks of a name may run; nil takes a limit away.
    @discardableResult
    public func timeLimit(_ task: String, soft: Duration?, hard: Duration?) async throws -> [ControlReply] {
        try await request(
            "time_limit",
            ["task_name": .string(task), "soft": Self.seconds(soft), "hard": Self.seconds(hard)]
        )
    }

    private static func seconds(_ duration: Duration?) -> CeleryValue {
        duration.map { .double($0.inSeconds) } ?? .null
    }

    /// Takes from one more queue.
    @discardableResult
    public func addConsumer(
        _ queue: String,
        exchange: String? = nil,
        exchangeType: String = "direct",
        routingKey: String? = nil
    ) async throws -> [ControlReply] {
        try await request(
            "add_consumer",
            [
                "queue": .string(queue), "exchange": exchange.map { .string($0) } ?? .null,
                "exchange_type": .string(exchangeType), "routing_key": routingKey.map { .string($0) } ?? .null,
            ]
        )
    }

    /// Takes no longer from a queue.
    @discardableResult
    public func cancelConsumer(_ queue: String) async throws -> [ControlReply] {
        try await request("cancel_consumer", ["queue": .string(queue)])
    }

    @discardableResult
    public func poolGrow(_ count: Int = 1) async throws -> [ControlReply] {
        try await request("pool_grow", ["n": .int(count)])
    }

    @discardableResult
    public func poolShrink(_ count: Int = 1) async throws -> [ControlReply] {
        try await request("pool_shrink", ["n": .int(count)])
    }

    /// Replaces the pool's processes; only where `worker_pool_restarts` is on.
    @discardableResult
    public func poolRestart() async throws -> [ControlReply] { try await request("pool_restart") }

    @discardableResult
    public func autoscale(max: Int, min: Int) async throws -> [ControlReply] {
        try await request("autoscale", ["max": .int(max), "min": .int(min)])
    }

    @discardableResult
    public func enableEvents() async throws -> [ControlReply] { try await request("enable_events") }

    @discardableResult
    public func disableEvents() async throws -> [ControlReply] { try await request("disable_events") }

    /// Makes workers send a heartbeat now.
    public func heartbeat() async throws { try await broadcast("heartbeat") }

    /// Ends workers, warm. They do not answer.
    public func shutdown() async throws { try await broadcast("shutdown") }
}

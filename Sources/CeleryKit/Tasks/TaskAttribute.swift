//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// An option of tasks that an annotation in a file can change, under Celery's name.
struct TaskAttribute: Sendable {
    typealias Change = @Sendable (inout TaskOptions) -> Void

    let name: String
    /// What a value has to be.
    let expectation: String
    /// The change for a value; nil when it is of another type or out of range.
    let change: @Sendable (CeleryValue) -> Change?

    private init<Value: SettingConvertible>(
        _ name: String,
        expected: String? = nil,
        allowed: @escaping @Sendable (Value) -> Bool = { _ in true },
        apply: @escaping @Sendable (inout TaskOptions, Value) -> Void
    ) {
        self.name = name
        expectation = expected ?? Value.settingExpectation
        change = { value in
            guard let value = Value(settingValue: value), allowed(value) else { return nil }
            return { apply(&$0, value) }
        }
    }

    private init<Value: SettingConvertible>(
        _ name: String,
        _ path: any WritableKeyPath<TaskOptions, Value> & Sendable,
        expected: String? = nil,
        allowed: @escaping @Sendable (Value) -> Bool = { _ in true }
    ) {
        self.init(name, expected: expected, allowed: allowed) { $0[keyPath: path] = $1 }
    }

    /// All of them. They are applied in this order: an older name before those that it stands for, `retry_backoff` before
    /// its limit.
    static let all: [TaskAttribute] = [
        TaskAttribute("queue", \.queue),
        TaskAttribute("exchange", \.exchange),
        TaskAttribute("routing_key", \.routingKey),
        TaskAttribute(
            "priority",
            \.priority,
            expected: "a whole number from 0 to 255, or null",
            allowed: { (0...255).contains($0 ?? 0) }
        ),
        TaskAttribute("serializer", \.serializer),
        TaskAttribute("compression", \.compression),
        TaskAttribute("expires", \.expires),
        TaskAttribute("ignore_result", \.ignoreResult),
        TaskAttribute("store_errors_even_if_ignored", \.storeErrorsEvenIfIgnored),
        TaskAttribute("track_started", \.trackStarted),
        TaskAttribute("send_events", \.sendEvents),
        TaskAttribute("time_limit", \.timeLimit),
        TaskAttribute("soft_time_limit", \.softTimeLimit),
        TaskAttribute("acks_late", \.acksLate),
        TaskAttribute("acks_on_failure_or_timeout") { (options, value: Bool?) in
            options.acksOnFailure = value
            options.acksOnTimeout = value
        },
        TaskAttribute("acks_on_failure", \.acksOnFailure),
        TaskAttribute("acks_on_timeout", \.acksOnTimeout),
        TaskAttribute("reject_on_worker_lost", \.rejectOnWorkerLost),
        TaskAttribute("retry_on_worker_lost", \.retryOnWorkerLost),
        TaskAttribute("rate_limit", \.rateLimit),
        TaskAttribute(
            "max_retries",
            \.retry.limit,
            expected: "a whole number, 0 or more, or null for no limit",
            allowed: { $0 ?? 0 >= 0 }
        ),
        TaskAttribute("default_retry_delay") { (options, value: Duration) in options.retry.delay = .constant(value) },
        TaskAttribute(
            "retry_backoff",
            expected: "true, false, or the first delay in seconds, above 0",
            allowed: { backoff($0) != nil },
            apply: { (options, value: CeleryValue) in options.retry.delay = backoff(value) ?? options.retry.delay }
        ),
        TaskAttribute("retry_backoff_max") { (options, limit: Duration) in
            guard case .exponential(let base, _) = options.retry.delay else { return }
            options.retry.delay = .exponential(base: base, limit: limit)
        },
        TaskAttribute("retry_jitter", \.retry.jitter),
    ]

    /// `retry_backoff` as a delay: without a limit of its own ten minutes, switched off Celery's 180 s.
    private static let backoff: @Sendable (CeleryValue) -> RetryPolicy.Delay? = { value in
        switch value {
        case .bool(true): return .exponential(base: .seconds(1), limit: .seconds(600))
        case .bool(false): return RetryPolicy.onRequest.delay
        default:
            guard let base = Duration(settingValue: value), base > .zero else { return nil }
            return .exponential(base: base, limit: .seconds(600))
        }
    }

    /// Attributes of Celery's tasks that concern Python only, or that belong to a part that is not there yet.
    static let withoutMeaning: Set<String> = [
        "abstract", "backend", "bind", "delivery_mode", "immediate", "mandatory", "pydantic", "pydantic_context",
        "pydantic_dump_kwargs", "pydantic_strict", "resultrepr_maxsize", "trail", "typing",
    ]

    static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}

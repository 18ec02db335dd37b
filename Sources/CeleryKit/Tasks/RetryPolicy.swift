//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// When a failed task runs again, and when it gives up.
///
/// Source: `retry_backoff`, `retry_backoff_max`, `retry_jitter`, `autoretry_for`, `max_retries` of Celery.
public struct RetryPolicy: Sendable {
    /// How long to wait before a retry.
    public enum Delay: Sendable, Hashable {
        /// The same each time.
        case constant(Duration)
        /// `base × 2^retries`, at most `limit`.
        case exponential(base: Duration, limit: Duration)
    }

    /// Retries after which the error stands; nil never gives up.
    public var limit: Int?
    public var delay: Delay
    /// Whether an exponential delay is drawn at random from zero to its value.
    public var jitter: Bool
    /// Errors that are retried by themselves.
    public var retriedErrors: [any Error.Type]
    /// Errors that are not, although a kind listed above.
    public var excludedErrors: [any Error.Type]

    public init(
        limit: Int? = 3,
        delay: Delay = .constant(.seconds(180)),
        jitter: Bool = true,
        on retriedErrors: [any Error.Type] = [],
        except excludedErrors: [any Error.Type] = []
    ) {
        self.limit = limit
        self.delay = delay
        self.jitter = jitter
        self.retriedErrors = retriedErrors
        self.excludedErrors = excludedErrors
    }

    /// Retries only when the task asks, three times, 180 s apart: Celery's defaults.
    public static let onRequest = RetryPolicy()

    /// Retries the listed errors after 1, 2, 4, … times `base`, with full jitter.
    public static func exponential(
        limit: Int? = 3,
        base: Duration = .seconds(1),
        max: Duration = .seconds(600),
        jitter: Bool = true,
        on errors: any Error.Type...
    ) -> RetryPolicy {
        RetryPolicy(limit: limit, delay: .exponential(base: base, limit: max), jitter: jitter, on: errors)
    }

    /// Retries the listed errors after the same delay each time.
    public static func constant(
        limit: Int? = 3,
        delay: Duration = .seconds(180),
        on errors: any Error.Type...
    ) -> RetryPolicy {
        RetryPolicy(limit: limit, delay: .constant(delay), on: errors)
    }

    /// Whether an error is retried without the task asking for it.
    func retries(_ error: any Error) -> Bool {
        retriedErrors.contains { Self.isKind(error, of: $0) } && !excludedErrors.contains { Self.isKind(error, of: $0) }
    }

    /// The delay before retry number `retries + 1`.
    package func countdown(retries: Int) -> Duration {
        switch delay {
        case .constant(let duration): return duration
        case .exponential(let base, let limit):
            let factor = retries < 40 ? Double(1 << max(0, retries)) : Double(1 << 40)
            let seconds = min(base.inSeconds * factor, limit.inSeconds)
            return .bounded(seconds: jitter ? Double.random(in: 0...max(0, seconds)) : seconds)
        }
    }

    /// `any Error.self` matches every error; otherwise the type itself, or a subclass.
    static func isKind(_ error: any Error, of type: any Error.Type) -> Bool {
        func matches<E: Error>(_: E.Type) -> Bool { error is E }
        return matches(type)
    }
}

extension Duration {
    /// Seconds as a floating-point number.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// How often and how long publishing is tried again while the broker is away: `task_publish_retry_policy`, and `retry_policy` of one
/// sending.
///
/// Source: `retry_over_time` of kombu.
public struct PublishRetry: Sendable, Equatable {
    /// Attempts beyond the first; nil is without limit but the time-out.
    public var limit: Int?
    /// Wait before the second attempt.
    public var start: Duration
    /// Each further wait is longer by this,
    public var step: Duration
    /// and none longer than this.
    public var max: Duration

    /// Celery's defaults where nothing is said.
    public init(
        limit: Int? = 3,
        start: Duration = .zero,
        step: Duration = .milliseconds(200),
        max: Duration = .seconds(1)
    ) {
        (self.limit, self.start, self.step, self.max) = (limit, start, step, max)
    }

    /// Reads the setting; what it leaves out is as above. Nil when a value is none that it can have.
    init?(policy: CeleryObject) {
        self.init()
        for (name, value) in policy.members {
            let isRead =
                switch name {
                case "max_retries": Self.read(value, into: &limit) && limit ?? 0 >= 0
                case "interval_start": Self.read(value, into: &start)
                case "interval_step": Self.read(value, into: &step)
                case "interval_max": Self.read(value, into: &max)
                // Classes of exceptions: here it is whatever says that the broker cannot be reached.
                case "retry_errors": true
                default: false
                }
            guard isRead else { return nil }
        }
    }

    /// How long to wait after so many failures; nil when that was the last attempt.
    func delay(afterFailures count: Int) -> Duration? {
        guard count <= limit ?? .max else { return nil }
        // Not at once again and again, whatever the policy says.
        let least: Duration = count == 1 ? .zero : .milliseconds(10)
        return Swift.max(least, min(max, start + step * (count - 1)))
    }

    private static func read<Value: SettingConvertible>(_ value: CeleryValue, into target: inout Value) -> Bool {
        guard let read = Value(settingValue: value) else { return false }
        target = read
        return true
    }
}

extension Sender {
    /// Publishes all or none of them within the time-out, trying again as the settings and the caller say.
    ///
    /// - Throws: ``TransportError``, the last attempt's.
    func publish(_ outgoing: [OutgoingMessage], options: SendOptions) async throws {
        let configuration = app.configuration
        let timeout = options.timeout ?? configuration.settings.brokerTimeout
        let isRepeated = options.retry && configuration.settings.taskPublishRetry
        let deadline = ContinuousClock.now + timeout
        var failures = 0
        while true {
            do {
                let transport = try await app.transport()
                var left = failures == 0 ? timeout : deadline - .now
                for message in outgoing where !message.message.properties.exchange.isEmpty {
                    let exchange = message.message.properties.exchange
                    try await app.declare(exchange, on: transport, timeout: left)
                    left = deadline - .now
                }
                try await transport.publish(outgoing, timeout: left)
                if configuration.settings.taskSendSentEvent { await app.events.sent(outgoing) }
                return
            } catch let error as TransportError where error.code == .unavailable {
                failures += 1
                let retry =
                    isRepeated
                    ? options.retryPolicy ?? PublishRetry(policy: configuration.settings.taskPublishRetryPolicy) : nil
                guard let wait = retry?.delay(afterFailures: failures), .now + wait < deadline else { throw error }
                try? await Task.sleep(for: wait)
                if Task.isCancelled { throw error }
            }
        }
    }
}

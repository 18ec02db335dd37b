//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What is fixed about a task; nil means: as the app's settings say.
///
/// What belongs to one sending (`countdown`, `eta`, …) is in ``SendOptions``. Source: `celery/app/task.py`.
public struct TaskOptions: Sendable {
    public var queue: String?
    public var exchange: String?
    public var routingKey: String?
    /// 0–9; see the broker for which end is urgent.
    public var priority: Int?
    public var serializer: String?
    public var compression: String?
    /// Not started later than this after it was sent.
    public var expires: Duration?
    public var ignoreResult: Bool?
    public var storeErrorsEvenIfIgnored: Bool?
    public var trackStarted: Bool?
    /// Whether workers that send task events send them of this task; nil: they do.
    public var sendEvents: Bool?
    /// Killed after this long.
    public var timeLimit: Duration?
    /// Asked to stop after this long: cancellation, with ``SoftTimeLimitExceeded``.
    public var softTimeLimit: Duration?
    /// Acknowledged after it ran rather than when it starts.
    public var acksLate: Bool?
    public var acksOnFailure: Bool?
    public var acksOnTimeout: Bool?
    /// With `acksLate`: given back when its process dies, instead of failing.
    public var rejectOnWorkerLost: Bool?
    /// Retried by its ``retry`` policy when its process dies, early or late: Celery 5.7's `retry_on_worker_lost`. It comes
    /// before `rejectOnWorkerLost`.
    public var retryOnWorkerLost: Bool?
    /// Starts per second, minute or hour and worker: `10/s`, `100/m`, `5/h`.
    public var rateLimit: RateLimit?
    public var retry: RetryPolicy
    /// Errors that are part of the task's contract: logged at info, without traceback.
    public var expectedErrors: [any Error.Type]

    public init(
        queue: String? = nil,
        exchange: String? = nil,
        routingKey: String? = nil,
        priority: Int? = nil,
        serializer: String? = nil,
        compression: String? = nil,
        expires: Duration? = nil,
        ignoreResult: Bool? = nil,
        storeErrorsEvenIfIgnored: Bool? = nil,
        trackStarted: Bool? = nil,
        sendEvents: Bool? = nil,
        retry: RetryPolicy = .onRequest,
        timeLimit: Duration? = nil,
        softTimeLimit: Duration? = nil,
        acksLate: Bool? = nil,
        acksOnFailure: Bool? = nil,
        acksOnTimeout: Bool? = nil,
        rejectOnWorkerLost: Bool? = nil,
        retryOnWorkerLost: Bool? = nil,
        rateLimit: RateLimit? = nil,
        expectedErrors: [any Error.Type] = []
    ) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.priority = priority
        self.serializer = serializer
        self.compression = compression
        self.expires = expires
        self.ignoreResult = ignoreResult
        self.storeErrorsEvenIfIgnored = storeErrorsEvenIfIgnored
        self.trackStarted = trackStarted
        self.sendEvents = sendEvents
        self.retry = retry
        self.timeLimit = timeLimit
        self.softTimeLimit = softTimeLimit
        self.acksLate = acksLate
        self.acksOnFailure = acksOnFailure
        self.acksOnTimeout = acksOnTimeout
        self.rejectOnWorkerLost = rejectOnWorkerLost
        self.retryOnWorkerLost = retryOnWorkerLost
        self.rateLimit = rateLimit
        self.expectedErrors = expectedErrors
    }
}

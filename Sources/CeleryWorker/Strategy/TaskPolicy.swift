//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

/// How one message is acknowledged, limited and stored: header, else task, else settings.
struct TaskPolicy: Sendable, Equatable {
    var acksLate: Bool
    var acksOnFailure: Bool
    var acksOnTimeout: Bool
    var rejectOnWorkerLost: Bool
    var retryOnWorkerLost: Bool
    var ignoreResult: Bool
    var storeErrorsEvenIfIgnored: Bool
    var trackStarted: Bool
    /// Seconds.
    var hardLimit: Double?
    /// Seconds.
    var softLimit: Double?
    var maxWorkerDeaths: Int

    var mode: AcknowledgementMode { acksLate ? .late : .early }

    /// - Parameter options: What the task itself says; nothing where it is not known.
    init(options: TaskOptions, headers: TaskHeaders, settings: borrowing CelerySettings) {
        acksLate = options.acksLate ?? settings.taskAcksLate
        acksOnFailure = options.acksOnFailure ?? settings.taskAcksOnFailure
        acksOnTimeout = options.acksOnTimeout ?? settings.taskAcksOnTimeout
        rejectOnWorkerLost = options.rejectOnWorkerLost ?? settings.taskRejectOnWorkerLost
        retryOnWorkerLost = options.retryOnWorkerLost ?? settings.taskRetryOnWorkerLost
        ignoreResult = headers.ignoreResult ?? options.ignoreResult ?? settings.taskIgnoreResult
        storeErrorsEvenIfIgnored = options.storeErrorsEvenIfIgnored ?? settings.taskStoreErrorsEvenIfIgnored
        trackStarted = options.trackStarted ?? settings.taskTrackStarted
        hardLimit = headers.timeLimit.hard ?? (options.timeLimit ?? settings.taskTimeLimit)?.inSeconds
        softLimit = headers.timeLimit.soft ?? (options.softTimeLimit ?? settings.taskSoftTimeLimit)?.inSeconds
        maxWorkerDeaths = settings.taskMaxWorkerDeaths
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// A task that has failed, as its errbacks are told of it.
public struct FailedTask: Sendable {
    public let id: String
    /// Its name; nil when only its result is known, and results are stored without names.
    public let task: String?
    /// Id of the first task of the tree that it belongs to; nil when only its result is known.
    public let rootID: String?
    public let parentID: String?
    /// How often it was retried before.
    public let retries: Int
    /// Custom headers of its message.
    public let headers: CeleryObject
    /// What it failed with.
    public let exception: ExceptionInfo
    public let traceback: String?
    /// The error as it was thrown; nil when it was thrown in another process.
    public let error: (any Error)?
}

extension FailedTask {
    /// One that failed in this process.
    init(_ headers: TaskHeaders, _ failure: TaskFailure, error: (any Error)?) {
        id = headers.id
        task = headers.task
        rootID = headers.rootID ?? headers.id
        parentID = headers.parentID
        retries = headers.retries
        self.headers = headers.custom
        exception = failure.exception
        traceback = failure.traceback
        self.error = error
    }

    /// One of which only the result is known, if that.
    init(id: String, _ meta: TaskMeta?) {
        self.id = id
        task = meta?.extended?.name
        rootID = nil
        parentID = meta?.parentID
        retries = meta?.extended?.retries ?? 0
        headers = [:]
        traceback = meta?.traceback
        error = nil
        if case .exception(let exception)? = meta?.outcome {
            self.exception = exception
        } else {
            exception = ExceptionInfo(
                type: "Exception",
                arguments: [.string("no error of task \(id) is stored")],
                module: "builtins"
            )
        }
    }
}

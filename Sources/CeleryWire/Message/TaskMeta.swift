//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a result backend stores about one task; the meta object of Celery's key/value backends.
public struct TaskMeta: Sendable, Equatable {
    /// The value under `result`.
    public enum Outcome: Sendable, Equatable {
        /// A return value, or the meta of a custom state.
        case value(EncodedValue)
        /// What FAILURE, RETRY and REVOKED store.
        case exception(ExceptionInfo)
    }

    public var taskID: String
    public var state: TaskState
    public var outcome: Outcome
    public var traceback: String?
    /// Result tuples of the tasks it sent: `[[id, parent], children]` each.
    public var children: [CeleryValue]
    /// ISO 8601 with offset; only for ready states.
    public var dateDone: String?
    public var groupID: String?
    public var parentID: String?
    /// Only with `result_extended`.
    public var extended: Extended?
    /// Keys that are none of the above.
    public var custom: CeleryObject

    /// What `result_extended` adds.
    public struct Extended: Sendable, Equatable {
        public var name: String?
        public var arguments: CeleryValue?
        public var keywords: CeleryValue?
        public var worker: String?
        public var retries: Int?
        public var queue: String?

        public init(
            name: String? = nil,
            arguments: CeleryValue? = nil,
            keywords: CeleryValue? = nil,
            worker: String? = nil,
            retries: Int? = nil,
            queue: String? = nil
        ) {
            self.name = name
            self.arguments = arguments
            self.keywords = keywords
            self.worker = worker
            self.retries = retries
            self.queue = queue
        }
    }

    public init(
        taskID: String,
        state: TaskState,
        outcome: Outcome = .value(.null),
        traceback: String? = nil,
        children: [CeleryValue] = [],
        dateDone: String? = nil,
        groupID: String? = nil,
        parentID: String? = nil,
        extended: Extended? = nil,
        custom: CeleryObject = [:]
    ) {
        self.taskID = taskID
        self.state = state
        self.outcome = outcome
        self.traceback = traceback
        self.children = children
        self.dateDone = dateDone
        self.groupID = groupID
        self.parentID = parentID
        self.extended = extended
        self.custom = custom
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A task call as a value, as it travels inside messages.
///
/// **Shape:** `{"task", "args", "kwargs", "options", "subtask_type", "immutable"}`; unknown keys are kept.
public struct Signature: Sendable, Equatable {
    public var task: String
    public var arguments: [EncodedValue]
    public var keywords: [TaskBody.Keyword]
    /// Delivery options under Celery's names (`task_id`, `queue`, `countdown`, `link`, …), in order.
    public var options: CeleryObject
    /// `group`, `chain`, `chord` or nil.
    public var subtaskType: String?
    /// An immutable signature takes nothing from the step before it.
    public var immutable: Bool
    /// Keys that are none of the above, kept when forwarded.
    public var custom: CeleryObject

    public init(
        task: String,
        arguments: [EncodedValue] = [],
        keywords: [TaskBody.Keyword] = [],
        options: CeleryObject = [:],
        subtaskType: String? = nil,
        immutable: Bool = false,
        custom: CeleryObject = [:]
    ) {
        self.task = task
        self.arguments = arguments
        self.keywords = keywords
        self.options = options
        self.subtaskType = subtaskType
        self.immutable = immutable
        self.custom = custom
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A destination that does not exist.
public struct RoutingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in kind.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Kind: String { case queueNotFound }
        let kind: Kind

        /// No such queue is configured and `task_create_missing_queues` is off; configure it or turn that on.
        /// Source: Celery's `QueueNotFound`.
        public static let queueNotFound = Code(kind: .queueNotFound)

        public var description: String { kind.rawValue }
    }

    public var code: Code
    public var queue: String
    /// The queues that are configured.
    public var known: [String]
    /// For a person: names the queue, those that exist, and the way out.
    public var message: String

    init(queueNotFound queue: String, for task: String?, known: [String]) {
        code = .queueNotFound
        self.queue = queue
        self.known = known
        let list = known.isEmpty ? "there are none" : "there are: \(known.joined(separator: ", "))"
        message =
            "queue \"\(queue)\"" + (task.map { " for task \($0)" } ?? "") + " is not among task_queues (\(list));"
            + " add it there, or set task_create_missing_queues to true"
    }

    public var description: String { message }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// The tasks of an app by name.
final class TaskRegistry: Sendable {
    private let tasks = Mutex<[String: RegisteredTask]>([:])

    /// A task registered again under its name replaces the former, as in Celery.
    func register(_ task: RegisteredTask) { tasks.withLock { $0[task.name] = task } }

    /// Gives a registered task other options, as a control command does. False when there is none.
    func change(_ name: String, _ options: (RegisteredTask) -> TaskOptions) -> Bool {
        tasks.withLock { tasks in
            guard let task = tasks[name] else { return false }
            tasks[name] = task.with(options(task), isSettled: true)
            return true
        }
    }

    /// The built-in ones too, unless one was registered under such a name.
    subscript(name: String) -> RegisteredTask? { tasks.withLock { $0[name] } ?? BuiltInTasks.all[name] }

    /// Sorted; without the built-in ones.
    var names: [String] { tasks.withLock { $0.keys.sorted() } }
}

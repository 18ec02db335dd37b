//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Changes to tasks' options by name, from outside the tasks; see `task_annotations`.
///
/// ```swift
/// settings.taskAnnotations = ["feed.import": TaskAnnotation { $0.rateLimit = "10/m" }]
/// ```
///
/// An annotation wins over what the task says of itself. `"*"` stands for every task, and is applied last: it wins over
/// an annotation by name. Of several maps the first that has an answer counts, for the name and for `"*"` apart.
/// Source: `celery/app/annotations.py`.
public struct TaskAnnotations: Sendable {
    /// The name that stands for every task.
    public static let anyTask = "*"

    let maps: [[String: TaskAnnotation]]

    /// Changes nothing.
    public init() { maps = [] }

    /// One map of task name → annotation.
    public init(_ map: [String: TaskAnnotation]) { maps = map.isEmpty ? [] : [map] }

    /// Several maps; the first that has an answer counts.
    public init(_ parts: [TaskAnnotations]) { maps = parts.flatMap(\.maps) }

    public var isEmpty: Bool { maps.isEmpty }

    /// The options with what is said about that task on top.
    func apply(to options: TaskOptions, of task: String) -> TaskOptions {
        guard !isEmpty else { return options }
        var changed = options
        for name in [task, Self.anyTask] {
            maps.lazy.compactMap { $0[name] }.first?.change(&changed)
        }
        return changed
    }
}

extension TaskAnnotations: ExpressibleByDictionaryLiteral {
    /// One map; of a name that is given twice the last counts.
    public init(dictionaryLiteral elements: (String, TaskAnnotation)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

/// What changes about a task.
public struct TaskAnnotation: Sendable {
    let change: @Sendable (inout TaskOptions) -> Void
    /// As a file has it; nil when it was made in code.
    var attributes: CeleryObject?
    /// Attributes of Celery's tasks that mean nothing here.
    var ignored: [String] = []

    /// A change in code: it may set any of the options.
    public init(_ change: @escaping @Sendable (inout TaskOptions) -> Void) { self.change = change }
}

extension CeleryApp {
    /// What is fixed about a task: as it was declared, with `task_annotations` on top.
    func options(of task: String, declared: TaskOptions) -> TaskOptions {
        configuration.settings.taskAnnotations.apply(to: declared, of: task)
    }

    /// What is fixed about a task by name: nothing when it lives elsewhere.
    func options(of task: String) -> TaskOptions {
        tasks[task].map { options(of: task, declared: $0.options) } ?? TaskOptions()
    }

    /// A registered task by name, with `task_annotations` on top of its options.
    package func registeredTask(_ name: String) -> RegisteredTask? {
        guard let task = tasks[name] else { return nil }
        let annotations = configuration.settings.taskAnnotations
        return annotations.isEmpty || task.isSettled ? task : task.with(annotations.apply(to: task.options, of: name))
    }

    /// Changes the options of a registered task while workers run, over `task_annotations`. False when there is none.
    package func changeTask(_ name: String, _ change: (inout TaskOptions) -> Void) -> Bool {
        let annotations = configuration.settings.taskAnnotations
        return tasks.change(name) { task in
            var options = task.isSettled ? task.options : annotations.apply(to: task.options, of: name)
            change(&options)
            return options
        }
    }
}

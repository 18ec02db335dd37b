//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// What events tell about a fleet, in bounded memory.
///
/// Source: `celery/events/state.py`; it merges as that does, so events may come out of order. An event of the app's own about a task
/// makes a state of its type: `task-progress` is PROGRESS.
public struct ClusterState: Sendable {
    /// Workers remembered; the longest silent go first.
    public let workerLimit: Int
    /// Tasks remembered; those that were heard of longest ago go first.
    public let taskLimit: Int
    public private(set) var workers: [String: WorkerRecord] = [:]
    public private(set) var tasks: [String: TaskRecord] = [:]
    /// Events and task events so far.
    public private(set) var eventCount = 0
    public private(set) var taskEventCount = 0
    private var steps: UInt64 = 0

    public init(workerLimit: Int = 5000, taskLimit: Int = 10_000) {
        self.workerLimit = max(1, workerLimit)
        self.taskLimit = max(1, taskLimit)
    }

    /// Takes an event in.
    public mutating func apply(_ event: CeleryEvent) {
        eventCount += 1
        switch event.group {
        case "task": applyTask(event)
        case "worker": applyWorker(event)
        default: break
        }
    }

    private mutating func applyWorker(_ event: CeleryEvent) {
        var worker = workers[event.hostname] ?? WorkerRecord(hostname: event.hostname)
        worker.apply(event)
        workers[event.hostname] = worker
        forgetWorkers()
    }

    private mutating func forgetWorkers() {
        while workers.count > workerLimit {
            let oldest = workers.values.min { ($0.lastHeard, $0.hostname) < ($1.lastHeard, $1.hostname) }
            guard let oldest else { return }
            workers[oldest.hostname] = nil
        }
    }

    private mutating func applyTask(_ event: CeleryEvent) {
        guard let id = event.uuid else { return }
        taskEventCount += 1
        steps += 1
        var task = tasks[id] ?? TaskRecord(id: id)
        task.apply(event)
        task.step = steps
        tasks[id] = task
        // Who tells of a task is there, though it sends no heartbeats.
        if event.type != "task-sent" {
            var worker = workers[event.hostname] ?? WorkerRecord(hostname: event.hostname)
            worker.lastHeard = max(worker.lastHeard, event.localReceived)
            workers[event.hostname] = worker
            forgetWorkers()
        }
        // Some more than the limit are let in, so that not every one costs a look at all.
        guard tasks.count > taskLimit + max(1, taskLimit / 10) else { return }
        let kept = tasks.values.sorted { $0.step > $1.step }.prefix(taskLimit)
        tasks = Dictionary(kept.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Workers whose last heartbeat is not longer ago than two of them, by name.
    public func aliveWorkers(at now: Timestamp = .now) -> [WorkerRecord] {
        workers.values.filter { $0.isAlive(at: now) }.sorted { $0.hostname < $1.hostname }
    }

    /// The tasks, those that were heard of last first.
    public func tasksByTime(limit: Int = .max) -> [TaskRecord] {
        Array(tasks.values.sorted { $0.step > $1.step }.prefix(limit))
    }

    /// Ids of the tasks, those that were heard of last first: cheaper than the tasks.
    package func idsByTime() -> [String] {
        tasks.values.map { (step: $0.step, id: $0.id) }.sorted { $0.step > $1.step }.map(\.id)
    }

    /// Tasks of a name, or of a worker, those that were heard of last first.
    public func tasks(named name: String? = nil, of worker: String? = nil, limit: Int = .max) -> [TaskRecord] {
        let matching = tasks.values.filter { task in
            (name == nil || task.name == name) && (worker == nil || task.worker == worker)
        }
        return Array(matching.sorted { $0.step > $1.step }.prefix(limit))
    }

    /// Names of the tasks that were seen, sorted.
    public var taskTypes: [String] { Set(tasks.values.compactMap(\.name)).sorted() }

    /// Forgets all, or only tasks that have ended.
    public mutating func clear(onlyReadyTasks: Bool = false) {
        guard onlyReadyTasks else {
            self = ClusterState(workerLimit: workerLimit, taskLimit: taskLimit)
            return
        }
        tasks = tasks.filter { !$0.value.state.isReady }
    }

    /// Forgets the tasks that had ended in an earlier copy, but those that were heard of since.
    mutating func forget(endedIn picture: ClusterState) {
        tasks = tasks.filter { id, task in !(task.state.isReady && picture.tasks[id] == task) }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import DequeModule
import Synchronization

/// One stay of this worker at the broker: a consumer with a number that tells its deliveries from earlier ones'.
struct Epoch: Sendable {
    var number: Int
    var consumer: any TransportConsumer
    /// How those are acknowledged that the store permits to start as it hands them out.
    var starts: AcknowledgementMode?
}

/// A task that a slot is taken for.
struct RunningTask: Sendable {
    var task: AdmittedTask
    var epoch: Epoch
    /// Of the process that runs it; 0 while it waits for one.
    var pid: Int32 = 0
    var permit: StartPermit?
    var startedAt: ContinuousClock.Instant = .now
    /// The same by the calendar, for those who ask.
    var startTime: Timestamp?
    var timers: [TimerWheel.Token] = []
    /// What it is to be terminated with; nil unless somebody has asked for that.
    var signal: Int32?
}

/// A delivery whose end is known but not settled. A class, because it is passed on several times.
final class Finished: Sendable {
    enum Item: Sendable {
        case run(AdmittedTask, RunEnd, runtime: Duration)
        case ended(Ending, Delivery)
        case postponed(DeliveryTag, Timestamp)
    }

    let item: Item
    let epoch: Epoch
    /// Whether what follows the task was sent: not again, then, when a later step of its settlement has to be repeated.
    let hasPublished = Atomic(false)
    /// Whether it has to wait until a chord's claim, which another worker holds, has run out or been made good.
    let isDeferred = Atomic(false)
    /// Whether it was counted in its chords: somebody may wait for what it has claimed.
    let hasCounted = Atomic(false)
    /// The chords that it completed whose bodies were sent: not again, then.
    let sentBodies = Mutex<Set<String>>([])

    init(item: Item, epoch: Epoch) {
        self.item = item
        self.epoch = epoch
    }

    /// When it began, about, and not later on other machines' clocks: a minute is taken off.
    var began: Timestamp {
        let runtime: Duration = if case .run(_, _, let runtime) = item { runtime } else { .zero }
        return .now.advanced(by: .zero - runtime - .seconds(60))
    }
}

/// How a worker ends.
public enum ShutdownMode: Int, Sendable, Comparable {
    /// Finishes what runs, gives back the rest.
    case warm
    /// Waits `worker_soft_shutdown_timeout`, then cold.
    case soft
    /// Ends what runs.
    case cold

    public static func < (a: ShutdownMode, b: ShutdownMode) -> Bool { a.rawValue < b.rawValue }
}

/// Everything that the loops of a worker share. Changed synchronously under one lock; never awaits.
struct WorkerState: Sendable {
    private(set) var epoch: Epoch?
    /// Stays at the broker so far, and those that others ended.
    private(set) var epochs = 0
    private(set) var lostEpochs = 0
    /// Admitted, waiting for a slot.
    private(set) var ready = Deque<(task: AdmittedTask, epoch: Epoch)>()
    private(set) var running: [JobID: RunningTask] = [:]
    private var finished: [Finished] = []
    /// Tasks whose start is to be stored.
    private var started: [RunningTask] = []
    private var settling = 0
    /// The batch that is settled now.
    private var inSettlement: [Finished] = []
    /// Deliveries of the current epoch that are not settled.
    private(set) var held = 0
    private(set) var starting = 0
    private var pace = Pace()
    /// Tasks have stopped ending while more than the prefetch are held: nothing is handed ahead meanwhile.
    private var isStalled = false
    private var jobs: UInt64 = 0
    var shutdown: ShutdownMode?
    private(set) var poolIsReady = false
    var poolHasEnded = false
    /// When tasks could be taken for the first time.
    private(set) var startedAt: ContinuousClock.Instant?
    /// Deliveries received, tasks begun, and tasks ended so far.
    private(set) var receipts = 0
    private(set) var starts = 0
    private(set) var processed = 0
    /// Tasks that have begun, by name.
    private(set) var totals: [String: Int] = [:]

    mutating func open(_ consumer: any TransportConsumer, starts: AcknowledgementMode? = nil) -> Epoch {
        epochs += 1
        let new = Epoch(number: epochs, consumer: consumer, starts: starts)
        epoch = new
        held = 0
        noteStart()
        return new
    }

    mutating func poolBecameReady() {
        poolIsReady = true
        noteStart()
    }

    private mutating func noteStart() {
        if startedAt == nil, poolIsReady, epoch != nil { startedAt = .now }
    }

    /// As ``closeEpoch(_:)``, for one that others have ended.
    mutating func loseEpoch(_ number: Int) {
        if epoch?.number == number { lostEpochs += 1 }
        closeEpoch(number)
    }

    /// The current epoch is over; what waited under it belongs to the broker again.
    mutating func closeEpoch(_ number: Int) {
        guard epoch?.number == number else { return }
        epoch = nil
        held = 0
        ready.removeAll { $0.epoch.number == number }
        finished.removeAll { $0.epoch.number == number && $0.isGivenBack }
    }

    /// How many deliveries to ask for: none until half of the prefetch is free, so that they come in batches; but at once
    /// when a slot would wait for them.
    mutating func credit(prefetch: Int, slots: Int, reach: Int) -> Int {
        guard poolIsReady else { return 0 }
        let limit = pace.limit(prefetch: prefetch, reach: isStalled ? 0 : reach, now: .now)
        let free = limit - held
        return free * 2 >= limit || ready.count + starting + running.count < slots ? max(0, free) : 0
    }

    /// How many of the next deliveries the pool can take as soon as they come.
    func startable(slots: Int, reach: Int) -> Int {
        max(0, ahead(slots, reach) - running.count - starting - ready.count)
    }

    /// How many tasks the pool is given at a time. More than it has slots only as far as those begin in a moment: should the machine die,
    /// nobody can tell which of them had begun.
    private func ahead(_ slots: Int, _ reach: Int) -> Int { max(slots, min(reach, slots + pace.soon)) }

    /// Whether what comes now would wait: every slot has a task, and they do not end so fast that one is free in a moment.
    func isBusy(slots: Int) -> Bool { running.count + starting + ready.count >= slots && !pace.isQuick }

    mutating func received(_ count: Int) {
        held += count
        receipts += count
    }

    /// Returns whether all that waits may start without waiting for anything.
    mutating func admit(_ tasks: [AdmittedTask], epoch: Epoch) -> Bool {
        let isDirect = ready.isEmpty && tasks.allSatisfy(\.isPermitted)
        for task in tasks { ready.append((task, epoch)) }
        return isDirect
    }

    /// Takes tasks of one epoch that the pool has room for: as far as it reaches where starts are journalled, else one for
    /// each slot.
    mutating func takeReady(slots: Int, reach: Int) -> (epoch: Epoch, tasks: [AdmittedTask])? {
        guard shutdown == nil, poolIsReady, let first = ready.first else { return nil }
        let isEach = first.epoch.consumer.journal == nil || isStalled
        var free = (isEach ? slots : ahead(slots, reach)) - running.count - starting
        guard free > 0 else { return nil }
        var tasks: [AdmittedTask] = []
        while free > 0, let next = ready.first, next.epoch.number == first.epoch.number {
            tasks.append(next.task)
            ready.removeFirst()
            free -= 1
        }
        starting += tasks.count
        return (first.epoch, tasks)
    }

    /// Takes those out that are meant, whatever stands before them.
    mutating func takeReady(where isMeant: (Message) -> Bool) -> [(task: AdmittedTask, epoch: Epoch)] {
        let taken = ready.filter { isMeant($0.task.request.message) }
        if !taken.isEmpty { ready.removeAll { isMeant($0.task.request.message) } }
        return Array(taken)
    }

    /// Tasks that were taken go back to the front: they could not be begun.
    mutating func putBack(_ tasks: [AdmittedTask], epoch: Epoch) {
        starting -= tasks.count
        guard self.epoch?.number == epoch.number else { return }
        for task in tasks.reversed() { ready.prepend((task, epoch)) }
    }

    mutating func dropStarting(_ count: Int) { starting -= count }

    /// Numbers for so many jobs; never used again.
    mutating func number(_ count: Int) -> [JobID] {
        defer { jobs += UInt64(count) }
        return (jobs + 1..<jobs + 1 + UInt64(count)).map { JobID($0) }
    }

    mutating func run(_ tasks: [(job: PoolJob, task: AdmittedTask)], epoch: Epoch) {
        starting -= tasks.count
        for (job, task) in tasks { running[job.id] = RunningTask(task: task, epoch: epoch, permit: job.permit) }
    }

    mutating func accepted(_ job: JobID, pid: Int32) -> RunningTask? {
        guard var task = running[job] else { return nil }
        task.pid = pid
        task.startedAt = .now
        task.startTime = .now
        running[job] = task
        starts += 1
        totals[task.task.request.message.headers.task, default: 0] += 1
        if task.task.policy.trackStarted, !task.task.policy.ignoreResult { started.append(task) }
        return task
    }

    /// Those of the current epoch: of what was given to others it is not ours to tell.
    mutating func takeStarted() -> [RunningTask] {
        defer { started.removeAll() }
        return started.filter { $0.epoch.number == epoch?.number }
    }

    mutating func addTimers(_ timers: [TimerWheel.Token], to job: JobID) -> Bool {
        guard running[job] != nil else { return false }
        running[job]?.timers += timers
        return true
    }

    mutating func finish(_ job: JobID) -> RunningTask? {
        guard let task = running.removeValue(forKey: job) else { return nil }
        processed += 1
        pace.taskEnded()
        isStalled = false
        return task
    }

    /// Notes what a run is terminated with. The first one stays, as with the signals of a child.
    mutating func terminate(_ job: JobID, signal: Int32) {
        if running[job]?.signal == nil { running[job]?.signal = signal }
    }

    /// A job came back unstarted: it runs again, or goes back to its queue when the worker is stopping.
    mutating func returned(_ job: JobID) {
        guard let task = running.removeValue(forKey: job) else { return }
        task.permit?.withdraw()
        if shutdown == nil {
            ready.prepend((task.task.withoutPermit, task.epoch))
        } else {
            finished.append(Finished(item: .postponed(task.task.tag, .now), epoch: task.epoch))
        }
    }

    mutating func settle(_ item: Finished) { finished.append(item) }

    /// What has run and is not settled yet.
    var ended: [Message] { (finished + inSettlement).compactMap(\.message) }

    mutating func takeFinished(limit: Int) -> [Finished] {
        let count = min(limit, finished.count)
        let batch = Array(finished.prefix(count))
        finished.removeFirst(count)
        settling += count
        inSettlement = batch
        return batch
    }

    /// The batch is done, but for what goes back to the front of those that wait.
    mutating func settled(_ batch: [Finished], except unsettled: [Finished]) {
        settling -= batch.count
        inSettlement = []
        func inForce(_ items: [Finished]) -> Int { items.count { $0.epoch.number == epoch?.number } }
        held = max(0, held - inForce(batch) + inForce(unsettled))
        finished.insert(contentsOf: unsettled, at: 0)
    }

    /// Gives back what waits for a slot beyond the prefetch, the youngest first; returns the jobs that wait in the pool, to be
    /// recalled.
    mutating func giveBackSurplus(prefetch: Int) -> [JobID] {
        isStalled = true
        pace = Pace()
        for _ in 0..<max(0, min(held - prefetch - finished.count - settling, ready.count)) {
            guard let last = ready.popLast() else { break }
            finished.append(Finished(item: .postponed(last.task.tag, .now), epoch: last.epoch))
        }
        return running.filter { $0.value.pid == 0 && $0.value.permit != nil }.map(\.key)
            .sorted { $0.rawValue > $1.rawValue }
    }

    /// Nothing runs, starts or waits to be settled.
    var isIdle: Bool { (running.isEmpty && starting == 0 || poolHasEnded) && finished.isEmpty && settling == 0 }
}

extension Finished {
    /// Of a task that was run.
    var message: Message? { if case .run(let task, _, _) = item { task.request.message } else { nil } }
    var taskID: String? { message?.headers.id }

    /// Of the task that it is about, whether it ran here or not.
    var settledID: String? {
        if case .ended(let ending, _) = item { ending.message?.headers.id } else { taskID }
    }

    /// Of a task whose end an attempt before this one may have stored: it began in a worker that died, or is a part of a chord that says,
    /// or is known, to have been done before.
    var knownID: String? {
        if case .ended(let ending, let delivery) = item {
            guard delivery.kind == .obituary || ending.isDone && ending.message?.headers.group != nil else {
                return nil
            }
            return ending.message?.headers.id
        }
        guard isRepeated, message?.headers.group != nil, case .run(_, .reported(let report), _) = item,
            case .ignored = report.outcome
        else { return nil }
        return taskID
    }

    /// Whether somebody has had its message before.
    var isRepeated: Bool {
        switch item {
        case .run(let task, _, _): task.request.redelivered || task.request.attempt > 1
        case .ended(_, let delivery): delivery.redelivered || delivery.attempt > 1 || delivery.kind == .obituary
        case .postponed: false
        }
    }

    /// Whether losing the epoch makes it the next holder's business: nothing of it has run, or been counted.
    var isGivenBack: Bool {
        if case .run = item { false } else { !hasCounted.load(ordering: .relaxed) }
    }
}

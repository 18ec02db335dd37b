//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import DequeModule

/// What the engine decides with; changed under its lock only.
struct InProcessState {
    struct Entry {
        var job: PoolJob
        var control: RunControl
    }

    /// A slot to be filled.
    struct Start {
        var entry: Entry
        var thread: ExecutorThread?
    }

    /// What the engine's loop is to do next.
    struct Turn {
        var starts: [Start]
        var surplus: [ExecutorThread]
    }

    enum Step {
        case turn(Turn)
        case wait
        case over
    }

    typealias Waiter = CheckedContinuation<Void, Never>
    /// A child task between two jobs; nil ends it.
    typealias Parked = CheckedContinuation<Entry?, Never>
    /// So many child tasks wait for a job instead of ending, so that it takes one wake-up to start one.
    private static let parkedMost = 8

    private(set) var slots: Int
    private(set) var events: (@Sendable (PoolEvent) -> Void)?
    /// Every unfinished job's.
    var controls: [JobID: RunControl] = [:]
    var idleThreads: [ExecutorThread] = []
    /// Whether a slot is a thread; false means that it costs nothing.
    var needsThreads = false
    private var surplus: [ExecutorThread] = []
    private var occupied = 0
    private var pending: Deque<Entry> = []
    private var parked: [Parked] = []
    private var wasRun = false
    private var isStopping = false
    private var isOver = false
    private var isResized = false
    private var waiter: Waiter?

    init(slots: Int) { self.slots = slots }

    mutating func begin(_ events: @escaping @Sendable (PoolEvent) -> Void) -> Bool {
        guard !wasRun else { return false }
        wasRun = true
        self.events = events
        return true
    }

    /// What follows from a submission, to be done outside the lock.
    struct Submission {
        var waiter: Waiter?
        var woken: [(Parked, Entry)] = []
        /// Who must hear that the jobs are returned.
        var refused: (@Sendable (PoolEvent) -> Void)?
    }

    /// Takes the jobs, or answers with the handler that must hear that they are returned.
    mutating func submit(_ jobs: [PoolJob]) -> Submission {
        guard !isOver, !isStopping || !controls.isEmpty else { return Submission(refused: events ?? { _ in }) }
        var submission = Submission()
        for job in jobs {
            let entry = Entry(job: job, control: RunControl())
            controls[job.id] = entry.control
            if pending.isEmpty, occupied < slots, let next = parked.popLast() {
                occupied += 1
                submission.woken.append((next, entry))
            } else {
                pending.append(entry)
            }
        }
        if canStart { submission.waiter = waiter.take() }
        return submission
    }

    /// Keeps a child task that has nothing to do, or answers what it is to go on with: a job, or nothing.
    mutating func keep(_ child: Parked) -> Entry?? {
        if occupied < slots, let entry = pending.popFirst() {
            occupied += 1
            return .some(entry)
        }
        guard !needsThreads, !isStopping, !isOver, parked.count < Self.parkedMost else { return .some(nil) }
        parked.append(child)
        return nil
    }

    /// Those that are to end.
    mutating func unpark() -> [Parked] {
        defer { parked = [] }
        return parked
    }

    mutating func resize(to slots: Int) -> Waiter? {
        self.slots = slots
        isResized = true
        while idleThreads.count + occupied > slots, let thread = idleThreads.popLast() { surplus.append(thread) }
        return waiter.take()
    }

    mutating func stop() -> Waiter? {
        isStopping = true
        return waiter.take()
    }

    /// Cancellation: what waits is given back, what runs is told.
    mutating func abort() -> ([RunControl], [JobID], Waiter?, (@Sendable (PoolEvent) -> Void)?) {
        isStopping = true
        let returned = pending.reversed().map(\.job.id)
        pending.removeAll()
        for job in returned { controls[job] = nil }
        return (Array(controls.values), returned, waiter.take(), events)
    }

    mutating func nextTurn() -> Step {
        var turn = Turn(starts: [], surplus: surplus)
        surplus = []
        while canStart, let entry = pending.popFirst() {
            occupied += 1
            turn.starts.append(Start(entry: entry, thread: idleThreads.popLast()))
        }
        if isResized || !turn.starts.isEmpty || !turn.surplus.isEmpty {
            isResized = false
            return .turn(turn)
        }
        guard isStopping, controls.isEmpty, occupied == 0 else { return .wait }
        isOver = true
        return .over
    }

    /// Keeps the loop's continuation unless there is something to do already.
    mutating func park(_ continuation: Waiter) -> Bool {
        let isDue =
            canStart || isResized || !surplus.isEmpty || (isStopping && controls.isEmpty && occupied == 0)
        if !isDue { waiter = continuation }
        return isDue
    }

    /// The next job for the slot whose job has just ended, or nil when the slot is given up.
    mutating func next(after start: Start, isSpent: Bool) -> (Entry?, Waiter?) {
        if !isSpent, occupied <= slots, let entry = pending.popFirst() { return (entry, nil) }
        occupied -= 1
        if let thread = start.thread {
            if idleThreads.count + occupied >= slots { surplus.append(thread) } else { idleThreads.append(thread) }
        }
        let isDue = canStart || !surplus.isEmpty || (isStopping && controls.isEmpty && occupied == 0)
        return (nil, isDue ? waiter.take() : nil)
    }

    private var canStart: Bool {
        !pending.isEmpty && occupied < slots && (!needsThreads || !idleThreads.isEmpty)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import DequeModule

/// What a prefork pool decides with: which job is where, which child is to start, stop or die, and when.
///
/// Every event from outside is a method, everything to be done is appended to ``actions``. No I/O, but for permits, which
/// are decided in memory shared with the children. Time is nanoseconds of any monotonic clock.
///
/// A child that is busy may be handed jobs ahead, up to ``handAhead``, if they have a permit: the child starts one only by
/// taking the permit, so whoever withdraws it first has the job back for certain.
struct PreforkState {
    /// Numbers the children of one pool; never reused, unlike a process id.
    typealias ChildNumber = Int

    enum Action {
        case spawn(ChildNumber)
        case hand(ChildNumber, PoolJob)
        case cancel(ChildNumber, JobID, RunControl.Cause)
        /// Asks the child, which is idle, to exit.
        case dismiss(ChildNumber)
        /// To the child's process group.
        case signal(ChildNumber, Int32)
        case event(PoolEvent)
        case ready
        case log(PreforkNotice)
    }

    struct Child {
        enum Phase { case starting, idle, busy, leaving }

        var phase = Phase.starting
        var bornAt: UInt64
        var pid: Int32 = 0
        /// Handed over and not ended, in the order in which it takes them.
        var jobs: Deque<PoolJob> = []
        /// Whether it said that it runs the first of them.
        var hasAccepted = false
        /// When what waits behind the first is taken back.
        var shareAt: UInt64 = 0
        /// How long its jobs take lately; nil before the first. Nanoseconds.
        var pace: UInt64?
        var tasksDone = 0
        /// To be replaced once it is idle.
        var isOld = false
        /// It did not report itself in time, and was killed for that.
        var wasSilent = false
        var killCause: KillCause?
        /// The job that it is killed for; nil when all that it has.
        var killedJob: JobID?
        /// When it is killed if it is still there.
        var deadline: UInt64?
        /// What was wrong with what it sent.
        var complaint: String?
    }

    /// Jobs handed to a child beyond the one that it runs, at most.
    static let handAhead = 64
    /// So much work waits in a child, judged by what its jobs took lately. Nanoseconds.
    static let workAhead: UInt64 = 5_000_000
    /// A child whose jobs take longer gets none ahead. Nanoseconds.
    static let quick: UInt64 = 1_000_000

    var actions: [Action] = []
    private(set) var slots: Int
    /// Why the pool cannot go on.
    var failure: PoolError?
    let maxTasks: Int?
    let maxMemory: Int?
    /// How long a child may be at one job, or silent, before what waits behind it is taken back. Nanoseconds.
    let patience: UInt64
    private let aliveTimeout: UInt64
    var children: [ChildNumber: Child] = [:]
    /// Idle children; the one that was busy last is used first, while its caches are warm.
    var idle: [ChildNumber] = []
    var pending: Deque<PoolJob> = []
    var owner: [JobID: ChildNumber] = [:]
    /// Cancellations of jobs that no child has accepted yet.
    var cancellations: [JobID: RunControl.Cause] = [:]
    private var nextNumber = 0
    var earlyDeaths = 0
    /// Those that speak against the program itself: not the ones that somebody else killed.
    var ownEarlyDeaths = 0
    var nextSpawn: UInt64 = 0
    private var nextSample: UInt64?
    var wasReady = false
    private(set) var isStopping = false
    private(set) var isAborted = false
    /// Nothing is handed ahead or kept waiting any more.
    private var isRecalling = false

    init(_ configuration: PreforkConfiguration) {
        slots = max(1, configuration.slots)
        maxTasks = configuration.maxTasksPerChild
        maxMemory = configuration.maxMemoryPerChild
        aliveTimeout = configuration.aliveTimeout.nanoseconds
        patience = configuration.patience.nanoseconds
    }

    /// Whether every child is gone and none will come.
    var isOver: Bool {
        children.isEmpty && (isAborted || failure != nil || (isStopping && unfinished == 0))
    }

    var unfinished: Int { pending.count + owner.count }

    /// Children that are not on their way out.
    var staff: Int { children.values.count { $0.phase != .leaving } }

    /// Whether jobs may be handed to busy children: not where their memory is to be looked at between any two.
    var handsAhead: Bool { !isRecalling && maxMemory == nil && staff <= slots }

    /// Whether missing children are to be replaced.
    private var isRecruiting: Bool { !isAborted && failure == nil && !(isStopping && unfinished == 0) }

    /// Process ids, for people.
    var pids: [Int32] { children.values.map(\.pid).filter { $0 > 0 }.sorted() }

    /// Hands over what is to be done, in exchange for an empty buffer.
    mutating func exchangeActions(_ buffer: inout [Action]) {
        buffer.removeAll(keepingCapacity: true)
        swap(&buffer, &actions)
    }

    // MARK: From the pool's user

    mutating func submit(_ jobs: [PoolJob], now: UInt64) {
        guard !isAborted, failure == nil, !(isStopping && unfinished == 0) else {
            for job in jobs.reversed() { giveBack(job.id) }
            return
        }
        pending.append(contentsOf: jobs)
        handOut(now: now)
        if isRecalling { returnPending() }
    }

    mutating func resize(to count: Int, now: UInt64) {
        slots = max(1, count)
        while staff > slots, let number = idle.popLast() { dismiss(number, now: now) }
        actions.append(.event(.resized(slots)))
        announceIfReady()
        tick(now: now)
    }

    /// Replaces all children, each once it has nothing to do.
    mutating func restart(now: UInt64) {
        for number in children.keys.sorted() {
            switch children[number]?.phase {
            case .busy:
                children[number]?.isOld = true
                recallWaiting(of: number)
            case .starting: children[number]?.isOld = true
            default: continue
            }
        }
        while let number = idle.popLast() { dismiss(number, now: now) }
        tick(now: now)
    }

    /// Gives back what has not started, now and later.
    mutating func recallAll(now: UInt64) {
        isRecalling = true
        returnPending()
        for number in children.keys { recallWaiting(of: number) }
        leaveIfDone(now: now)
    }

    mutating func stop(now: UInt64) {
        isStopping = true
        tick(now: now)
    }

    /// Ends every child at once; what was not started is returned.
    mutating func abort(now: UInt64) {
        isAborted = true
        returnPending()
        for number in children.keys.sorted() { end(number, .shutdown, now: now) }
    }

    // MARK: Time

    /// When `tick` is to be called next; nil is never.
    var nextDeadline: UInt64? {
        var next: UInt64?
        for child in children.values {
            if let deadline = child.deadline { next = min(next ?? .max, deadline) }
        }
        if isRecruiting, staff < slots { next = min(next ?? .max, nextSpawn) }
        if let nextSample, !owner.isEmpty { next = min(next ?? .max, nextSample) }
        if let share = nextSharing { next = min(next ?? .max, share) }
        return next
    }

    /// Those that had to report themselves by now.
    func lateStarters(_ now: UInt64) -> [ChildNumber] {
        children.filter { $0.value.phase == .starting && ($0.value.deadline ?? .max) <= now }.map(\.key)
    }

    /// Does what is due; returns the children whose memory is to be measured.
    @discardableResult
    mutating func tick(now: UInt64) -> [ChildNumber] {
        for (number, child) in children {
            guard let deadline = child.deadline, deadline <= now else { continue }
            children[number]?.deadline = nil
            if child.phase == .starting {
                children[number]?.wasSilent = true
                actions.append(.log(.silentAtStart(pid: child.pid)))
            }
            actions.append(.signal(number, ProcessEnd.kill))
        }
        shareWaiting(now: now)
        if isStopping, unfinished == 0 {
            idle = []
            for (number, child) in children {
                switch child.phase {
                case .idle, .busy: dismiss(number, now: now)
                case .starting:
                    children[number]?.phase = .leaving
                    actions.append(.signal(number, ProcessEnd.kill))
                case .leaving: break
                }
            }
        } else if isRecruiting, now >= nextSpawn {
            while staff < slots { spawn(now: now) }
        }
        guard maxMemory != nil, (nextSample ?? 0) <= now else { return [] }
        nextSample = now + 1_000_000_000
        return children.filter { $0.value.phase == .busy }.map(\.key)
    }

    private mutating func spawn(now: UInt64) {
        nextNumber += 1
        children[nextNumber] = Child(bornAt: now, deadline: now + aliveTimeout)
        actions.append(.spawn(nextNumber))
    }

    /// To be called when jobs have left other than by ending: the last of them may be what a stop waits for.
    mutating func leaveIfDone(now: UInt64) {
        if isStopping, unfinished == 0 { tick(now: now) }
    }

    mutating func announceIfReady() {
        guard !wasReady, children.values.count(where: { $0.phase == .idle || $0.phase == .busy }) >= slots
        else { return }
        wasReady = true
        actions.append(.ready)
    }

    /// The youngest first, as they are put back in front.
    mutating func returnPending() {
        for job in pending.reversed() { giveBack(job.id) }
        pending.removeAll()
    }

    /// Tells that it will not start here, together with what was given back just before.
    mutating func giveBack(_ job: JobID) {
        if case .event(.returned(let before))? = actions.last {
            actions[actions.count - 1] = .event(.returned(before + [job]))
        } else {
            actions.append(.event(.returned([job])))
        }
    }
}

/// What a prefork pool tells its operator.
enum PreforkNotice {
    case cannotSpawn(SystemError)
    case silentAtStart(pid: Int32)
    case childDied(pid: Int32, reason: String)
}

extension Duration {
    /// In nanoseconds, at most ten years; nothing for a negative one.
    var nanoseconds: UInt64 {
        let seconds = min(max(components.seconds, 0), 315_360_000)
        return UInt64(seconds) * 1_000_000_000 + UInt64(max(components.attoseconds, 0) / 1_000_000_000)
    }
}

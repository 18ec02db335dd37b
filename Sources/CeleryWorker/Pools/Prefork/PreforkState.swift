//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

// Long because it is one state machine, whose transitions share the same few tables.

import CeleryKit
import DequeModule

/// What a prefork pool decides with: which job is where, which child is to start, stop or die, and when.
///
/// A value without I/O: every event from outside is a method, everything to be done is appended to ``actions``. Time is
/// nanoseconds of any monotonic clock.
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

    private struct Child {
        enum Phase { case starting, idle, busy, leaving }

        var phase = Phase.starting
        var bornAt: UInt64
        var pid: Int32 = 0
        /// Handed over and not ended.
        var job: JobID?
        /// Whether it said that it runs the job.
        var hasAccepted = false
        var tasksDone = 0
        /// It did not report itself in time, and was killed for that.
        var wasSilent = false
        var killCause: KillCause?
        /// When it is killed if it is still there.
        var deadline: UInt64?
        /// What was wrong with what it sent.
        var complaint: String?
    }

    private(set) var actions: [Action] = []
    private(set) var slots: Int
    /// Why the pool cannot go on.
    private(set) var failure: PoolError?
    private let maxTasks: Int?
    private let maxMemory: Int?
    private let aliveTimeout: UInt64
    private var children: [ChildNumber: Child] = [:]
    /// Idle children; the one that was busy last is used first, while its caches are warm.
    private var idle: [ChildNumber] = []
    private var pending: Deque<PoolJob> = []
    private var owner: [JobID: ChildNumber] = [:]
    /// Cancellations of jobs that no child has accepted yet.
    private var cancellations: [JobID: RunControl.Cause] = [:]
    private var nextNumber = 0
    private var earlyDeaths = 0
    /// Those that speak against the program itself: not the ones that somebody else killed.
    private var ownEarlyDeaths = 0
    private var nextSpawn: UInt64 = 0
    private var nextSample: UInt64?
    private var wasReady = false
    private var isStopping = false
    private var isAborted = false

    init(_ configuration: PreforkConfiguration) {
        slots = max(1, configuration.slots)
        maxTasks = configuration.maxTasksPerChild
        maxMemory = configuration.maxMemoryPerChild
        aliveTimeout = configuration.aliveTimeout.nanoseconds
    }

    /// Whether every child is gone and none will come.
    var isOver: Bool {
        children.isEmpty && (isAborted || failure != nil || (isStopping && unfinished == 0))
    }

    var unfinished: Int { pending.count + owner.count }

    /// Children that are not on their way out.
    private var staff: Int { children.values.count { $0.phase != .leaving } }

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
            for job in jobs { actions.append(.event(.returned(job.id))) }
            return
        }
        pending.append(contentsOf: jobs)
        handOut(now: now)
    }

    mutating func cancel(_ job: JobID, _ cause: RunControl.Cause) {
        if let number = owner[job], children[number]?.hasAccepted == true {
            actions.append(.cancel(number, job, cause))
        } else if owner[job] != nil || pending.contains(where: { $0.id == job }) {
            cancellations[job] = cancellations[job] ?? cause
        }
    }

    mutating func kill(_ job: JobID, _ cause: KillCause, now: UInt64) {
        if let number = owner[job] {
            end(number, cause, now: now)
        } else if let index = pending.firstIndex(where: { $0.id == job }) {
            pending.remove(at: index)
            cancellations[job] = nil
            actions.append(.event(.returned(job)))
        }
    }

    mutating func resize(to count: Int, now: UInt64) {
        slots = max(1, count)
        while staff > slots, let number = idle.popLast() { dismiss(number, now: now) }
        actions.append(.event(.resized(slots)))
        announceIfReady()
        tick(now: now)
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

    // MARK: From the children

    mutating func spawned(_ number: ChildNumber, pid: Int32) { children[number]?.pid = pid }

    /// The system would not start it.
    mutating func spawnFailed(_ number: ChildNumber, _ error: SystemError, now: UInt64) {
        children[number] = nil
        actions.append(.log(.cannotSpawn(error)))
        noteEarlyDeath("\(error)", now: now)
        tick(now: now)
    }

    mutating func hello(_ number: ChildNumber, now: UInt64) {
        guard var child = children[number], child.phase == .starting else {
            return complain(number, "it reported itself twice", now: now)
        }
        child.phase = .idle
        child.deadline = nil
        children[number] = child
        idle.append(number)
        if staff > slots || isStopping && unfinished == 0 {
            idle.removeLast()
            dismiss(number, now: now)
        }
        announceIfReady()
        handOut(now: now)
    }

    /// It said that it runs the job that it was handed.
    mutating func accepted(_ number: ChildNumber, now: UInt64) {
        guard let child = children[number], let job = child.job, !child.hasAccepted else {
            return complain(number, "it accepted a job, though it has none that waits", now: now)
        }
        children[number]?.hasAccepted = true
        actions.append(.event(.accepted(job, pid: child.pid)))
        if !cancellations.isEmpty, let cause = cancellations.removeValue(forKey: job) {
            actions.append(.cancel(number, job, cause))
        }
    }

    /// - Parameter residentKiB: Its memory now; negative when not known.
    mutating func finished(_ number: ChildNumber, _ job: JobID, _ report: TaskReport, residentKiB: Int, now: UInt64) {
        guard let child = children[number], child.job == job, child.hasAccepted else {
            return complain(number, "it finished job \(job.rawValue), which it does not run", now: now)
        }
        owner[job] = nil
        earlyDeaths = 0
        ownEarlyDeaths = 0
        children[number]?.job = nil
        children[number]?.hasAccepted = false
        children[number]?.tasksDone += 1
        actions.append(.event(.finished(job, report)))
        // One that is to be killed or was dismissed dies without a job.
        guard child.phase == .busy else { return }
        children[number]?.phase = .idle
        idle.append(number)
        let isWornOut = maxTasks.map { child.tasksDone + 1 >= $0 } ?? false
        let isBloated = maxMemory.map { residentKiB > $0 } ?? false
        if isWornOut || isBloated || staff > slots {
            idle.removeLast()
            dismiss(number, now: now)
            tick(now: now)
        } else if isStopping, unfinished == 0 {
            tick(now: now)
        }
        handOut(now: now)
    }

    /// A sample of its memory.
    mutating func measured(_ number: ChildNumber, residentKiB: Int, now: UInt64) {
        guard let maxMemory, residentKiB > maxMemory * 2, children[number]?.killCause == nil else { return }
        end(number, .memory(kibibytes: residentKiB), now: now)
    }

    /// It sent what no child sends.
    mutating func complain(_ number: ChildNumber, _ complaint: String, now: UInt64) {
        guard children[number] != nil, children[number]?.complaint == nil else { return }
        children[number]?.complaint = complaint
        end(number, nil, now: now)
    }

    /// Its sockets were closed though it lives: it is given a moment to end.
    mutating func closed(_ number: ChildNumber, now: UInt64) {
        let deadline = now + 1_000_000_000
        guard let old = children[number]?.deadline, old <= deadline else {
            children[number]?.deadline = deadline
            return
        }
    }

    mutating func died(_ number: ChildNumber, _ processEnd: ProcessEnd, now: UInt64) {
        guard let child = children.removeValue(forKey: number) else { return }
        idle.removeAll { $0 == number }
        let reason = child.complaint.map { "\(processEnd) after \($0)" } ?? "\(processEnd)"
        if let job = child.job {
            owner[job] = nil
            cancellations[job] = nil
            if child.hasAccepted {
                let loss = WorkerLoss(pid: child.pid, reason: reason, cause: child.killCause)
                actions.append(.event(.lost(job, loss)))
            } else {
                actions.append(.event(.returned(job)))
            }
        }
        let wasExpected = child.phase == .leaving && child.complaint == nil
        if !wasExpected { actions.append(.log(.childDied(pid: child.pid, reason: reason))) }
        if child.phase == .starting {
            let isKilledByOthers = processEnd == .signalled(ProcessEnd.kill) && child.complaint == nil
            noteEarlyDeath(reason, isOwn: !isKilledByOthers || child.wasSilent, now: now)
        } else if !wasExpected, child.tasksDone == 0, child.job == nil, now - child.bornAt < 1_000_000_000 {
            noteEarlyDeath(reason, now: now)
        }
        tick(now: now)
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
        return next
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
        if isStopping, unfinished == 0 {
            for number in idle { dismiss(number, now: now) }
            idle = []
            for (number, child) in children where child.phase == .starting {
                children[number]?.phase = .leaving
                actions.append(.signal(number, ProcessEnd.kill))
            }
        } else if isRecruiting, now >= nextSpawn {
            while staff < slots { spawn(now: now) }
        }
        guard maxMemory != nil, (nextSample ?? 0) <= now else { return [] }
        nextSample = now + 1_000_000_000
        return children.filter { $0.value.phase == .busy }.map(\.key)
    }

    // MARK: Decisions

    private mutating func announceIfReady() {
        guard !wasReady, children.values.count(where: { $0.phase == .idle || $0.phase == .busy }) >= slots
        else { return }
        wasReady = true
        actions.append(.ready)
    }

    private mutating func spawn(now: UInt64) {
        nextNumber += 1
        children[nextNumber] = Child(bornAt: now, deadline: now + aliveTimeout)
        actions.append(.spawn(nextNumber))
    }

    private mutating func handOut(now: UInt64) {
        while let number = idle.last, let job = pending.popFirst() {
            idle.removeLast()
            children[number]?.phase = .busy
            children[number]?.job = job.id
            owner[job.id] = number
            actions.append(.hand(number, job))
        }
    }

    /// Idle children only; the caller takes it off the list.
    private mutating func dismiss(_ number: ChildNumber, now: UInt64) {
        children[number]?.phase = .leaving
        children[number]?.deadline = now + 4_000_000_000
        actions.append(.dismiss(number))
    }

    /// Kills it; `terminated` leaves it 0.1 s for its own handler, as Celery does.
    private mutating func end(_ number: ChildNumber, _ cause: KillCause?, now: UInt64) {
        guard var child = children[number] else { return }
        idle.removeAll { $0 == number }
        if child.phase != .starting { child.phase = .leaving }
        child.killCause = child.killCause ?? cause
        if case .terminated(let signal) = cause {
            child.deadline = now + 100_000_000
            actions.append(.signal(number, signal))
        } else {
            child.deadline = nil
            actions.append(.signal(number, ProcessEnd.kill))
        }
        children[number] = child
        tick(now: now)
    }

    private mutating func returnPending() {
        for job in pending { actions.append(.event(.returned(job.id))) }
        pending.removeAll()
    }

    /// Waits longer before each next attempt: 0, 0.1, 0.2, 0.4 … 10 s. Gives up when no child ever started and three of
    /// them failed by themselves; one that is killed from outside (by the OOM killer, say) says nothing about the program.
    private mutating func noteEarlyDeath(_ reason: String, isOwn: Bool = true, now: UInt64) {
        guard !isStopping, !isAborted else { return }
        earlyDeaths += 1
        if isOwn { ownEarlyDeaths += 1 }
        let delay = earlyDeaths == 1 ? 0 : min(10_000_000_000, UInt64(100_000_000) << UInt64(min(earlyDeaths - 2, 10)))
        nextSpawn = now + delay
        guard !wasReady, ownEarlyDeaths >= 3, failure == nil else { return }
        failure = PoolError(
            .childrenDieAtStart,
            "\(ownEarlyDeaths) child processes ended before they could take a task, the last with \(reason); "
                + "see what they printed, and check that main reaches the worker command without side effects"
        )
        returnPending()
        for number in children.keys.sorted() { end(number, .shutdown, now: now) }
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

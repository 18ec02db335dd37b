//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import DequeModule

/// Who gets which job, and gives it back.
extension PreforkState {
    /// Jobs to idle children; what is left, if it has a permit, behind the jobs of busy ones.
    mutating func handOut(now: UInt64) {
        while let job = pending.first {
            if let number = idle.popLast() {
                children[number]?.phase = .busy
                children[number]?.shareAt = now + patience
                give(number)
            } else if let number = leastBusy(for: job, now: now) {
                give(number)
            } else {
                return
            }
        }
    }

    private mutating func give(_ number: ChildNumber) {
        guard let job = pending.popFirst() else { return }
        children[number]?.jobs.append(job)
        owner[job.id] = number
        actions.append(.hand(number, job))
    }

    /// The busy child with the fewest jobs that may have one more: it is through with its jobs quickly, and not late now.
    private func leastBusy(for job: PoolJob, now: UInt64) -> ChildNumber? {
        guard job.permit != nil, handsAhead else { return nil }
        var best: (number: ChildNumber, count: Int)?
        for (number, child) in children where child.phase == .busy {
            let count = child.jobs.count
            guard count <= child.reach, count < best?.count ?? .max, now < child.shareAt else { continue }
            if let maxTasks, child.tasksDone + count >= maxTasks { continue }
            best = (number, count)
        }
        return best?.number
    }

    mutating func cancel(_ job: JobID, _ cause: RunControl.Cause) {
        if let number = owner[job], children[number]?.jobs.first?.id == job, children[number]?.hasAccepted == true {
            actions.append(.cancel(number, job, cause))
        } else if owner[job] != nil || pending.contains(where: { $0.id == job }) {
            cancellations[job] = cancellations[job] ?? cause
        }
    }

    /// Gives a job back if it has not started.
    mutating func recall(_ job: JobID, now: UInt64) {
        guard takeBack(job) else { return }
        leaveIfDone(now: now)
    }

    /// Ends a job: takes it back, or ends the child that runs it.
    ///
    /// First what waits behind it is taken back, so that nothing else can have started by the time of the blow. What
    /// cannot be taken back has started: then the job itself has ended, and the child is spared.
    mutating func kill(_ job: JobID, _ cause: KillCause, now: UInt64) {
        guard !takeBack(job) else { return leaveIfDone(now: now) }
        guard let number = owner[job], let jobs = children[number]?.jobs else { return }
        for other in jobs.drop(while: { $0.id != job }).dropFirst().reversed() {
            guard takeBack(other.id) || other.permit?.hasStarted != true else { return }
        }
        children[number]?.killedJob = job
        end(number, cause, now: now)
        handOut(now: now)
    }

    /// Gives back what a child has not started, the youngest first.
    mutating func recallWaiting(of number: ChildNumber) {
        for job in (children[number]?.jobs ?? []).reversed() { takeBack(job.id) }
    }

    /// False when it has started, cannot be withdrawn, or is not known.
    @discardableResult
    private mutating func takeBack(_ job: JobID) -> Bool {
        if let index = pending.firstIndex(where: { $0.id == job }) {
            pending.remove(at: index)
        } else if let number = owner[job], let index = children[number]?.jobs.firstIndex(where: { $0.id == job }) {
            // The child will decline it, and is busy until then.
            guard let permit = children[number]?.jobs[index].permit, permit.withdraw() else { return false }
            children[number]?.jobs.remove(at: index)
            owner[job] = nil
        } else {
            return false
        }
        cancellations[job] = nil
        giveBack(job)
        return true
    }

    // MARK: Sharing

    /// When a child will have been at its job, or silent, for too long for what waits behind it.
    var nextSharing: UInt64? {
        var next: UInt64?
        for child in children.values where child.isLate(at: .max) { next = min(next ?? .max, child.shareAt) }
        return next
    }

    /// Takes back what waits behind long jobs, to be handed to whoever is free first.
    mutating func shareWaiting(now: UInt64) {
        for (number, child) in children where child.isLate(at: now) {
            // What cannot be taken back is looked at again later: the child is about to say that it runs.
            children[number]?.shareAt = now + patience
            // It gets nothing more ahead before it has shown what its jobs take now.
            children[number]?.pace = nil
            recallWaiting(of: number)
        }
    }
}

extension PreforkState.Child {
    /// Jobs that it may have behind the one that it runs.
    fileprivate var reach: Int {
        guard let pace, pace < PreforkState.quick else { return 0 }
        return Int(min(UInt64(PreforkState.handAhead), PreforkState.workAhead / max(pace, 1)))
    }

    /// A longer job counts at once, shorter ones by and by.
    mutating func note(runtime: Duration) {
        let new = runtime.nanoseconds
        pace = max(new, pace.map { ($0 * 7 + new) / 8 } ?? new)
    }

    /// Whether something has waited in it for too long.
    fileprivate func isLate(at now: UInt64) -> Bool {
        phase == .busy && shareAt <= now && (jobs.count > 1 || jobs.first?.permit != nil && !hasAccepted)
    }
}

extension StartPermit {
    @discardableResult
    func withdraw() -> Bool { journal.withdraw(ticket) }
    var hasStarted: Bool { journal.hasStarted(ticket) }
}

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
    mutating func handOut() {
        while let job = pending.first {
            guard let number = idle.popLast() ?? leastBusy(for: job) else { return }
            pending.removeFirst()
            children[number]?.phase = .busy
            children[number]?.jobs.append(job)
            owner[job.id] = number
            actions.append(.hand(number, job))
        }
    }

    /// The busy child with the fewest jobs that may have one more.
    private func leastBusy(for job: PoolJob) -> ChildNumber? {
        guard job.permit != nil, handsAhead else { return nil }
        var best: (number: ChildNumber, count: Int)?
        for (number, child) in children where child.phase == .busy {
            let count = child.jobs.count
            guard count <= Self.handAhead, count < best?.count ?? .max else { continue }
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

    /// Gives a job back if it has not started. False when it has, or is not known.
    @discardableResult
    mutating func recall(_ job: JobID) -> Bool {
        if let index = pending.firstIndex(where: { $0.id == job }) {
            pending.remove(at: index)
        } else if let number = owner[job], let index = children[number]?.jobs.firstIndex(where: { $0.id == job }) {
            guard let permit = children[number]?.jobs[index].permit, permit.withdraw() else { return false }
            take(job, from: number)
        } else {
            return false
        }
        cancellations[job] = nil
        actions.append(.event(.returned(job)))
        handOut()
        return true
    }

    /// Ends a job: takes it back, or ends the child that runs it.
    ///
    /// First what waits behind it is taken back, so that nothing else can have started by the time of the blow. What
    /// cannot be taken back has started: then the job itself has ended, and the child is spared.
    mutating func kill(_ job: JobID, _ cause: KillCause, now: UInt64) {
        guard !recall(job), let number = owner[job], let jobs = children[number]?.jobs else { return }
        for other in jobs.drop(while: { $0.id != job }).dropFirst() {
            guard recall(other.id) || other.permit?.hasStarted != true else { return }
        }
        end(number, cause, now: now)
    }

    /// Gives back what a child has not started.
    mutating func recallWaiting(of number: ChildNumber) {
        for job in (children[number]?.jobs ?? []).reversed() { recall(job.id) }
    }

    /// A child has lost a job that it did not start; without any it is idle.
    mutating func take(_ job: JobID, from number: ChildNumber) {
        owner[job] = nil
        children[number]?.jobs.removeAll { $0.id == job }
        guard children[number]?.phase == .busy, children[number]?.jobs.isEmpty == true else { return }
        children[number]?.phase = .idle
        idle.append(number)
    }

    // MARK: Sharing

    /// When a child will have been at its job for too long for what waits behind it, while others are idle.
    var nextSharing: UInt64? {
        guard !idle.isEmpty, pending.isEmpty else { return nil }
        return children.values.filter { $0.hasAccepted && $0.jobs.count > 1 }.map { $0.acceptedAt + Self.patience }
            .min()
    }

    /// Gives back the later half of what waits behind long jobs, to be handed to idle children.
    mutating func shareWaiting(now: UInt64) {
        guard let due = nextSharing, due <= now else { return }
        for child in children.values where child.hasAccepted && child.jobs.count > 1 {
            guard child.acceptedAt + Self.patience <= now else { continue }
            for job in child.jobs.suffix(child.jobs.count / 2).reversed() { recall(job.id) }
        }
    }
}

extension StartPermit {
    @discardableResult
    func withdraw() -> Bool { journal.withdraw(ticket) }
    var hasStarted: Bool { journal.hasStarted(ticket) }
}

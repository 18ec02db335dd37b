//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

/// What happens to the children, and what follows.
extension PreforkState {
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
        child.deadline = nil
        children[number] = child
        rest(number, isWornOut: child.isOld, now: now)
        announceIfReady()
        handOut(now: now)
    }

    /// A child has nothing to do: it waits for a job, or goes when it is not needed.
    private mutating func rest(_ number: ChildNumber, isWornOut: Bool = false, now: UInt64) {
        if isWornOut || staff > slots || isStopping && unfinished == 0 {
            dismiss(number, now: now)
            tick(now: now)
        } else {
            children[number]?.phase = .idle
            idle.append(number)
        }
    }

    /// It said that it runs a job: the first of those that it has.
    mutating func accepted(_ number: ChildNumber, _ job: JobID, now: UInt64) {
        guard let child = children[number], child.jobs.first?.id == job, !child.hasAccepted else {
            return complain(number, "it accepted job \(job.rawValue), which is not its next", now: now)
        }
        children[number]?.hasAccepted = true
        actions.append(.event(.accepted(job, pid: child.pid)))
        if !cancellations.isEmpty, let cause = cancellations.removeValue(forKey: job) {
            actions.append(.cancel(number, job, cause))
        }
    }

    /// It could not take a job's permit. Either the pool was faster, and knows; or the job may not start at all.
    mutating func declined(_ number: ChildNumber, _ job: JobID, now: UInt64) {
        if owner[job] == number {
            guard let child = children[number], child.jobs.first?.id == job, !child.hasAccepted else {
                return complain(number, "it declined job \(job.rawValue), which is not its next", now: now)
            }
            leave(number, job)
            giveBack(job)
        }
        goOn(number, now: now)
    }

    /// A job that could not even be sent to its child.
    mutating func refused(_ number: ChildNumber, _ job: JobID, _ report: TaskReport, now: UInt64) {
        guard owner[job] == number, let child = children[number] else { return }
        leave(number, job)
        actions.append(.event(.accepted(job, pid: child.pid)))
        actions.append(.event(.finished(job, report)))
        goOn(number, now: now)
    }

    /// - Parameter residentKiB: Its memory now; negative when not known.
    mutating func finished(_ number: ChildNumber, _ job: JobID, _ report: TaskReport, residentKiB: Int, now: UInt64) {
        guard let child = children[number], child.jobs.first?.id == job, child.hasAccepted else {
            return complain(number, "it finished job \(job.rawValue), which it does not run", now: now)
        }
        earlyDeaths = 0
        ownEarlyDeaths = 0
        leave(number, job)
        children[number]?.hasAccepted = false
        children[number]?.tasksDone += 1
        children[number]?.note(runtime: report.runtime)
        actions.append(.event(.finished(job, report)))
        if staff > slots { recallWaiting(of: number) }
        let isBloated = maxMemory.map { residentKiB > $0 } ?? false
        goOn(
            number,
            isWornOut: isBloated || child.isOld || maxTasks.map { child.tasksDone + 1 >= $0 } ?? false,
            now: now
        )
    }

    private mutating func leave(_ number: ChildNumber, _ job: JobID) {
        owner[job] = nil
        cancellations[job] = nil
        children[number]?.jobs.removeAll { $0.id == job }
    }

    /// It goes on to its next job, if it has one.
    private mutating func goOn(_ number: ChildNumber, isWornOut: Bool = false, now: UInt64) {
        children[number]?.shareAt = now + patience
        // One that is to be killed or was dismissed dies without a job.
        if children[number]?.phase == .busy, children[number]?.jobs.isEmpty == true {
            rest(number, isWornOut: isWornOut, now: now)
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
        // The youngest first, as they are put back in front.
        for (index, job) in child.jobs.enumerated().reversed() {
            owner[job.id] = nil
            cancellations[job.id] = nil
            let hasAccepted = index == 0 && child.hasAccepted
            guard hasAccepted || job.permit?.hasStarted == true else {
                giveBack(job.id)
                continue
            }
            // It may have died between taking the permit and saying so.
            if !hasAccepted { actions.append(.event(.accepted(job.id, pid: child.pid))) }
            let isMeant = child.killedJob == nil || child.killedJob == job.id
            let loss = WorkerLoss(pid: child.pid, reason: reason, cause: isMeant ? child.killCause : nil)
            actions.append(.event(.lost(job.id, loss)))
        }
        let wasExpected = child.phase == .leaving && child.complaint == nil
        if !wasExpected { actions.append(.log(.childDied(pid: child.pid, reason: reason))) }
        if child.phase == .starting {
            let isKilledByOthers = processEnd == .signalled(ProcessEnd.kill) && child.complaint == nil
            noteEarlyDeath(reason, isOwn: !isKilledByOthers || child.wasSilent, now: now)
        } else if !wasExpected, child.tasksDone == 0, child.jobs.isEmpty, now - child.bornAt < 1_000_000_000 {
            noteEarlyDeath(reason, now: now)
        }
        tick(now: now)
    }

    /// Idle children only; the caller takes it off the list.
    mutating func dismiss(_ number: ChildNumber, now: UInt64) {
        children[number]?.phase = .leaving
        children[number]?.deadline = now + 4_000_000_000
        actions.append(.dismiss(number))
    }

    /// Kills it; `terminated` leaves it 0.1 s for its own handler, as Celery does.
    mutating func end(_ number: ChildNumber, _ cause: KillCause?, now: UInt64) {
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

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
public import CeleryKit
public import CeleryWire

/// Numbers one job within one pool.
public struct JobID: Sendable, Hashable {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// One run to be made.
public struct PoolJob: Sendable {
    public var id: JobID
    public var request: TaskRequest
    /// To be taken at the start of the run; nil when the store knows of the start already.
    public var permit: StartPermit?

    public init(id: JobID, request: TaskRequest, permit: StartPermit? = nil) {
        self.id = id
        self.request = request
        self.permit = permit
    }
}

/// A ticket and the journal that it belongs to.
public struct StartPermit: Sendable {
    let journal: StartJournal
    let ticket: StartTicket

    /// Starts the run here; false when it may not.
    func take() -> Bool { journal.pass(ticket) }
}

/// What happens in a pool. Events of one job come in order: `accepted`, then exactly one of the others.
public enum PoolEvent: Sendable {
    /// It runs now, in the process of that number.
    case accepted(JobID, pid: Int32)
    /// It ended; its slot is free again.
    case finished(JobID, TaskReport)
    /// The process died under it. Its slot is free again as soon as the replacement is up.
    case lost(JobID, WorkerLoss)
    /// These have not started and will not: they were recalled, could not take their permit, were handed to a process that died
    /// first, or the pool stopped. Submit them again, under new numbers. The youngest first, as they are to be put back in front; all
    /// that come back in one go are told in one go, lest a younger one is submitted again before an older one is back.
    case returned([JobID])
    /// The number of slots is now this.
    case resized(Int)
}

/// How a process was lost.
public struct WorkerLoss: Sendable, Hashable {
    public var pid: Int32
    /// For example `signal 9 (SIGKILL)`, `exitcode 70`.
    public var reason: String
    /// Why we killed it ourselves, if we did.
    public var cause: KillCause?

    public init(pid: Int32, reason: String, cause: KillCause? = nil) {
        self.pid = pid
        self.reason = reason
        self.cause = cause
    }
}

/// Why the pool was told to kill the process of a job.
public enum KillCause: Sendable, Hashable {
    /// Its hard time limit passed, in seconds.
    case hardTimeLimit(Double)
    /// Revoked with `terminate`.
    case terminated(signal: Int32)
    /// It used more than twice `max-memory-per-child`.
    case memory(kibibytes: Int)
    /// Cold shutdown.
    case shutdown
}

/// What a pool can do.
public struct PoolCapabilities: Sendable, Hashable {
    /// Can end a run that does not cooperate.
    public var hardKill: Bool
    /// A trap in user code ends only its own task.
    public var survivesTrap: Bool
    /// `max-tasks-per-child` and `max-memory-per-child`.
    public var childLimits: Bool
    /// `grow` and `shrink`, hence autoscale.
    public var resizable: Bool

    public init(hardKill: Bool, survivesTrap: Bool, childLimits: Bool, resizable: Bool) {
        self.hardKill = hardKill
        self.survivesTrap = survivesTrap
        self.childLimits = childLimits
        self.resizable = resizable
    }
}

/// Where user code runs. One lifecycle for all of them.
///
/// Events are delivered through the handler given to `run`, synchronously from the pool's own threads: it must not block.
public protocol TaskPool: Sendable {
    /// Celery's name: `prefork`, `threads`, `async`, `solo`.
    var name: String { get }
    var capabilities: PoolCapabilities { get }
    /// Slots now; prefork may have fewer processes for a moment while one is replaced.
    var slots: Int { get }
    /// Whether its jobs take their permits; elsewhere they must be marked as begun before.
    var takesPermits: Bool { get }
    /// Unfinished jobs with a permit that it takes at a time: more than ``slots`` where it hands them ahead.
    var reach: Int { get }
    /// Where what feeds the pool runs best: on a thread of its own, which need not be woken then. Default: nowhere special.
    var executor: (any TaskExecutor)? { get }
    /// What `inspect stats` shows under `pool`.
    var info: CeleryObject { get }

    /// Starts, calls `ready` once all slots can take a job, and runs until ``stop()`` or cancellation; then no process
    /// and no thread is left behind.
    func run(
        ready: @escaping @Sendable () -> Void,
        events: @escaping @Sendable (PoolEvent) -> Void
    ) async throws

    /// Runs the jobs. The caller keeps the number of unfinished jobs at or below ``slots``, or ``reach`` for jobs with a
    /// permit.
    func submit(_ jobs: [PoolJob])

    /// Asks a run to stop: cancellation, with the cause visible to the task.
    func cancel(_ job: JobID, _ cause: RunControl.Cause)

    /// Ends the process of a running job; answered by `lost` with the cause, by `returned` when it had not started, or by its
    /// `finished` when it has just ended. False where the pool cannot.
    @discardableResult
    func kill(_ job: JobID, _ cause: KillCause) -> Bool

    /// Gives back a job that has not started, as `returned`.
    func recall(_ job: JobID)

    /// Gives back what has not started, now and whatever comes later without a free slot.
    func recallAll()

    /// Replaces its processes, each as soon as it is idle. False where there are none.
    func restart() -> Bool

    /// Changes the number of slots; a surplus ends when it is idle. Ignored where not resizable.
    func resize(to slots: Int)

    /// Ends `run` once no job is unfinished.
    func stop()
}

/// For pools that start every job at once.
extension TaskPool {
    public var takesPermits: Bool { false }
    public var reach: Int { slots }
    public var executor: (any TaskExecutor)? { nil }
    public func restart() -> Bool { false }
    public func recall(_ job: JobID) {}
    public func recallAll() {}
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
public import CeleryKit
public import CeleryWire
public import Logging
import Synchronization

/// Runs tasks in child processes, each one task at a time: a trap, a leak or an endless loop takes one task with it.
///
/// The children run this executable again and turn into children where its `main` calls `PreforkChild.run`. They are in
/// process groups of their own, so that a terminal's Ctrl-C does not reach them and a hard kill reaches what they
/// started. They die with this process, however it ends. Within a child, a task's async code stays on one thread.
///
/// A child that traps prints a backtrace, which takes the system up to half a second; only then is its task reported as
/// lost. Set `SWIFT_BACKTRACE=enable=no` to hear of it within a millisecond. Other children are not held up.
public final class PreforkPool: TaskPool {
    /// Celery's name for it.
    public var name: String { "prefork" }
    public let capabilities = PoolCapabilities(hardKill: true, survivesTrap: true, childLimits: true, resizable: true)

    private struct Status {
        var wasRun = false
        var slots: Int
        var pids: [Int32] = []
        var events: (@Sendable (PoolEvent) -> Void)?
    }

    private let configuration: PreforkConfiguration
    private let services: PoolServices
    private let logger: Logger
    private let inbox: PreforkInbox
    private let status: Mutex<Status>
    /// While it runs.
    private let driver = Mutex<PreforkDriver?>(nil)
    /// The thread that holds its lock; 0 when nobody does.
    private let holder = Atomic<UInt>(0)
    /// Runs what feeds the pool on its thread.
    private let feeding: PreforkExecutor

    /// - Parameters:
    ///   - configuration: How many processes, and how they are made.
    ///   - services: What serves the requests of the tasks in the children.
    ///   - logger: Told of children that die or do not start.
    /// - Throws: ``PoolError`` when the system has no descriptors left.
    public init(_ configuration: PreforkConfiguration, services: PoolServices, logger: Logger) throws(PoolError) {
        self.configuration = configuration
        self.services = services
        self.logger = logger
        do throws(SystemError) {
            inbox = try PreforkInbox()
        } catch {
            throw PoolError(.noResources, "cannot make the pool's socket pair: \(error)")
        }
        feeding = PreforkExecutor(inbox)
        status = Mutex(Status(slots: max(1, configuration.slots)))
    }

    public var slots: Int { status.withLock { $0.slots } }

    public var takesPermits: Bool { true }

    public var executor: (any TaskExecutor)? { feeding }

    /// With a limit on the children's memory it is looked at between any two tasks, so nothing is handed ahead.
    public var reach: Int { configuration.maxMemoryPerChild == nil ? slots * (1 + PreforkState.handAhead) : slots }

    public var info: CeleryObject {
        let (slots, pids) = status.withLock { ($0.slots, $0.pids) }
        return [
            "implementation": "CeleryWorker:PreforkPool",
            "max-concurrency": .int(slots),
            "processes": .array(pids.map { .int(Int($0)) }),
            "max-tasks-per-child": configuration.maxTasksPerChild.map { .int($0) } ?? "N/A",
            "max-memory-per-child": configuration.maxMemoryPerChild.map { .int($0) } ?? "N/A",
        ]
    }

    /// Process ids of the children, sorted.
    public var processes: [Int32] { status.withLock { $0.pids } }

    /// Cancelling it kills all children at once; what they ran is lost with ``KillCause/shutdown``.
    public func run(
        ready: @escaping @Sendable () -> Void,
        events: @escaping @Sendable (PoolEvent) -> Void
    ) async throws {
        let isFirst = status.withLock { status in
            defer { status.wasRun = true }
            status.events = events
            return !status.wasRun
        }
        guard isFirst else { throw PoolError(.alreadyRun, "this pool ran before; make a new one for each run") }
        let host = ServiceHost(services)
        let outcome = Outcome()
        let thread: DedicatedThread
        do {
            let image = try ChildImage(configuration)
            thread = try DedicatedThread(name: "celery-prefork") { [self] in
                driver.withLock { $0 = makeDriver(image, host, ready, events) }
                let failure = drive()
                outcome.failure.withLock { $0 = failure }
                feeding.passOn()
                host.finish()
            }
        } catch {
            // What waits for the thread must not do so for ever.
            for jobs in inbox.end() { events(.returned(jobs)) }
            feeding.passOn()
            throw error
        }
        // Awaited right below. Cancellation must not end the stream of requests before the thread does: that thread
        // still has children to bury.
        let serving = Task {
            await withDiscardingTaskGroup { group in
                for await request in host.requests {
                    group.addTask { self.ask(.reply(request.key, await host.serve(request))) }
                }
            }
        }
        await withTaskCancellationHandler {
            await serving.value
        } onCancel: {
            ask(.abort)
        }
        thread.join()
        if let failure = outcome.failure.withLock({ $0 }) { throw failure }
    }

    private func makeDriver(
        _ image: ChildImage,
        _ host: ServiceHost,
        _ ready: @escaping @Sendable () -> Void,
        _ events: @escaping @Sendable (PoolEvent) -> Void
    ) -> PreforkDriver {
        PreforkDriver(
            configuration,
            image: image,
            inbox: inbox,
            host: host,
            facts: ServiceFacts(services),
            logger: logger,
            ready: ready,
            events: events,
            report: { [self] state in
                status.withLock { $0.pids = state.pids }
            }
        )
    }

    /// The life of the pool's thread.
    private func drive() -> PoolError? {
        var jobs: [UnownedJob] = []
        while true {
            switch driver.withLock({ driver in
                hold()
                defer { letGo() }
                return driver?.step() ?? .over(nil)
            }) {
            case .over(let failure):
                driver.withLock { $0 = nil }
                return failure
            case .sleep(var poll):
                poll.wait()
                driver.withLock { driver in
                    hold()
                    defer { letGo() }
                    driver?.woken(poll)
                }
                feeding.runWaiting(&jobs)
            }
        }
    }

    /// Does what is asked here and now, unless somebody drives already. False when it is too late.
    @discardableResult
    private func ask(_ command: PreforkInbox.Command) -> Bool {
        guard inbox.leave(command) else { return false }
        // Asked from within, by whoever hears of an event: it is taken up as soon as that has returned.
        guard holder.load(ordering: .relaxed) != celery_thread_self() else { return true }
        let isServed = driver.withLockIfAvailable { driver in
            hold()
            defer { letGo() }
            driver?.serveOthers()
            return driver != nil
        }
        // Whoever drives now may have looked before the command was there.
        if isServed != true { inbox.ring() }
        return true
    }

    private func hold() { holder.store(celery_thread_self(), ordering: .relaxed) }
    private func letGo() { holder.store(0, ordering: .relaxed) }

    private final class Outcome: Sendable {
        let failure = Mutex<PoolError?>(nil)
    }

    public func submit(_ jobs: [PoolJob]) {
        guard !ask(.submit(jobs)), let events = status.withLock({ $0.events }) else { return }
        events(.returned(jobs.reversed().map(\.id)))
    }

    public func cancel(_ job: JobID, _ cause: RunControl.Cause) { ask(.cancel(job, cause)) }
    @discardableResult
    public func kill(_ job: JobID, _ cause: KillCause) -> Bool { ask(.kill(job, cause)) }
    public func recall(_ job: JobID) { ask(.recall(job)) }
    public func recallAll() { ask(.recallAll) }
    public func restart() -> Bool { ask(.restart) }
    /// Whoever asks right afterwards is told of the new number, though children come and go later.
    public func resize(to slots: Int) {
        let slots = max(1, slots)
        status.withLock { $0.slots = slots }
        ask(.resize(slots))
    }
    public func stop() { ask(.stop) }
}

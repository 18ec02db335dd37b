//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryCore
import CeleryKit
import CeleryWire
import Dispatch
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Starts the children, moves frames, and does what ``PreforkState`` decides.
///
/// Whoever holds the lock around it drives: as a rule the pool's one thread, which sleeps in `poll` without it. That is on
/// every system, and costs nothing at the number of children that a machine carries. What is submitted while the thread
/// sleeps is handed to a child by the thread that submits it, so that no other has to be woken for that.
final class PreforkDriver {
    /// What the pool's thread does next.
    enum Step {
        case sleep(ChildPoll)
        case over(PoolError?)
    }

    /// So long after something has happened the thread sleeps no longer than ``PreforkState/patience``: what is handed over
    /// meanwhile by others needs no earlier look. Nanoseconds.
    private static let alertness: UInt64 = 20_000_000

    private var state: PreforkState
    private var children: [PreforkState.ChildNumber: ChildProcess] = [:]
    private let image: ChildImage
    private let frameLimit: Int
    private let willSpawn: (@Sendable () -> Void)?
    private let inbox: PreforkInbox
    private let host: ServiceHost
    private let facts: ServiceFacts
    private let events: @Sendable (PoolEvent) -> Void
    private let ready: @Sendable () -> Void
    private let report: (PreforkState) -> Void
    private let logger: Logger
    private var commands: [PreforkInbox.Command] = []
    private var actions: [PreforkState.Action] = []
    /// To be done by the pool's thread: starting children, which die with the thread that started them, and what else concerns those.
    private var deferred: [PreforkState.Action] = []
    private var unborn: Set<PreforkState.ChildNumber> = []
    private var isOnThread = false
    /// Whether a child may ask again that had asked for as much as it may.
    private var isListeningAgain = false
    /// Until when the thread sleeps; 0 when it does not.
    private var wakesAt: UInt64 = 0
    private var lastEvent: UInt64 = 0
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)

    /// - Parameter report: Called when slots or children may have changed.
    init(
        _ configuration: PreforkConfiguration,
        image: ChildImage,
        inbox: PreforkInbox,
        host: ServiceHost,
        facts: ServiceFacts,
        logger: Logger,
        ready: @escaping @Sendable () -> Void,
        events: @escaping @Sendable (PoolEvent) -> Void,
        report: @escaping (PreforkState) -> Void
    ) {
        state = PreforkState(configuration)
        self.image = image
        frameLimit = configuration.frameLimit
        willSpawn = configuration.willSpawn
        self.inbox = inbox
        self.host = host
        self.facts = facts
        self.logger = logger
        self.ready = ready
        self.events = events
        self.report = report
        state.tick(now: Self.now())
    }

    deinit { scratch.deallocate() }

    /// Does what is to be done before the pool's thread may sleep. On that thread.
    func step() -> Step {
        isOnThread = true
        defer { isOnThread = false }
        unborn = []
        let waiting = deferred
        deferred = []
        for action in waiting { perform(action) }
        settle()
        if state.isOver { return .over(end()) }
        flush()
        isListeningAgain = false
        wakesAt = inbox.fallAsleep() ? wakeUpTime : 0
        return .sleep(ChildPoll(inbox.receiver, children, until: wakesAt))
    }

    /// Does what the thread was woken for. On that thread.
    func woken(_ poll: ChildPoll) {
        inbox.wakeUp()
        isOnThread = true
        defer { isOnThread = false }
        read(poll)
        let now = Self.now()
        if let deadline = state.nextDeadline, deadline <= now {
            measure(state.tick(now: now), now)
        }
    }

    /// Does what was asked for while the pool's thread sleeps. On any thread.
    func serveOthers() {
        guard !state.isOver else { return }
        let now = Self.now()
        // One that has reported itself in time is not taken for silent because nobody has read that.
        for number in state.lateStarters(now) { readData(number, now) }
        settle()
        flush()
        lastEvent = now
        let isDue = (state.nextDeadline ?? .max) < wakesAt
        let isStuck = children.values.contains { $0.data.wantsToSend || $0.control.wantsToSend }
        if isDue || isStuck || isListeningAgain || !deferred.isEmpty || state.isOver { inbox.ring() }
    }

    private func end() -> PoolError? {
        for jobs in inbox.end() { events(.returned(jobs)) }
        return state.failure
    }

    private var wakeUpTime: UInt64 {
        let deadline = state.nextDeadline ?? .max
        let now = Self.now()
        return now < lastEvent + Self.alertness ? min(deadline, now + state.patience) : deadline
    }

    private func flush() {
        for child in children.values {
            child.data.flush()
            child.control.flush()
        }
    }

    // MARK: Commands and actions

    /// Takes commands and does what follows, which may bring new ones, until nothing is left.
    private func settle() {
        while true {
            state.exchangeActions(&actions)
            for action in actions { perform(action) }
            let isQuiet = actions.isEmpty
            guard inbox.exchange(&commands) || !isQuiet else { return }
            let now = Self.now()
            for command in commands { obey(command, now) }
        }
    }

    private func obey(_ command: PreforkInbox.Command, _ now: UInt64) {
        switch command {
        case .submit(let jobs): state.submit(jobs, now: now)
        case .cancel(let job, let cause): state.cancel(job, cause)
        case .kill(let job, let cause): state.kill(job, cause, now: now)
        case .recall(let job): state.recall(job, now: now)
        case .recallAll: state.recallAll(now: now)
        case .resize(let slots): state.resize(to: slots, now: now)
        case .restart: state.restart(now: now)
        case .stop: state.stop(now: now)
        case .abort: state.abort(now: now)
        case .reply(let key, let reply): answer(key, reply)
        }
    }

    private func perform(_ action: PreforkState.Action) {
        switch action {
        case .spawn(let number) where !isOnThread:
            unborn.insert(number)
            deferred.append(action)
        case .signal(let number, _) where unborn.contains(number): deferred.append(action)
        case .spawn(let number): spawn(number)
        case .hand(let number, let job): hand(number, job)
        case .cancel(let number, let job, let cause):
            children[number]?.control.outbox
                .frame(.cancel) { frame in
                    frame.unsigned(job.rawValue)
                    frame.cause(cause)
                }
        case .dismiss(let number): children[number]?.control.outbox.frame(.stop) { _ in }
        case .signal(let number, let signal): children[number]?.signal(signal)
        case .event(let event):
            if case .resized = event { report(state) }
            events(event)
        case .ready: ready()
        case .log(let notice): log(notice)
        }
    }

    private func spawn(_ number: PreforkState.ChildNumber) {
        willSpawn?()
        do throws(SystemError) {
            let child = try ChildProcess.spawn(image, frameLimit: frameLimit)
            child.control.outbox.frame(.welcome) { $0.facts(facts) }
            children[number] = child
            state.spawned(number, pid: child.pid)
        } catch {
            state.spawnFailed(number, error, now: Self.now())
        }
        report(state)
    }

    private func hand(_ number: PreforkState.ChildNumber, _ job: PoolJob) {
        guard let child = children[number] else { return }
        if let journal = job.permit?.journal, child.journal !== journal {
            child.journal = journal
            child.data.outbox.frame(.journal) { $0.string(journal.path) }
        }
        let start = child.data.outbox.bytes.count
        child.data.outbox.frame(.job) { frame in
            frame.unsigned(job.id.rawValue)
            frame.optional(job.permit?.ticket) { $0.ticket($1) }
            frame.request(job.request)
        }
        let size = child.data.outbox.bytes.count - start
        guard size > frameLimit else { return }
        child.data.outbox.removeLast(size)
        state.refused(number, job.id, .tooLarge("request", size, limit: frameLimit), now: Self.now())
    }

    private func answer(_ key: ServiceHost.Key, _ reply: ServiceReply) {
        guard let child = children[key.child] else { return }
        if child.outstanding == ChildProcess.requestLimit { isListeningAgain = true }
        child.outstanding -= 1
        var frame = FrameEncoder()
        frame.frame(.reply) { frame in
            frame.unsigned(key.request)
            frame.reply(reply)
        }
        if frame.bytes.count > frameLimit {
            let size = frame.bytes.count
            frame.removeAll()
            frame.frame(.reply) { frame in
                frame.unsigned(key.request)
                frame.reply(.failure(.tooLarge("answer", size, limit: frameLimit)))
            }
        }
        child.control.outbox.append(frame)
    }

    // MARK: Reading

    private func read(_ poll: ChildPoll) {
        if poll.hasBell { inbox.drainBell() }
        let now = Self.now()
        for entry in poll.entries {
            if entry.hasData {
                lastEvent = now
                readData(entry.number, now)
            }
            if entry.hasControl { readControl(entry.number, now) }
            if entry.hasEnded || (children[entry.number]?.endDescriptor ?? 0) < 0 { bury(entry.number, now) }
        }
    }

    private func readData(_ number: PreforkState.ChildNumber, _ now: UInt64, chunks: Int = 8) {
        guard let child = children[number] else { return }
        do throws(FrameError) {
            try child.data.receive(into: scratch, chunks: chunks) { kind, fields throws(FrameError) in
                try self.handleData(number, kind, FrameDecoder(fields), now)
            }
        } catch {
            state.complain(number, "a broken frame: \(error)", now: now)
        }
        if child.data.isClosed { state.closed(number, now: now) }
    }

    private func handleData(
        _ number: PreforkState.ChildNumber,
        _ kind: FrameKind,
        _ fields: FrameDecoder,
        _ now: UInt64
    ) throws(FrameError) {
        var fields = fields
        switch kind {
        case .hello: state.hello(number, now: now)
        case .accepted: state.accepted(number, JobID(try fields.unsigned()), now: now)
        case .declined: state.declined(number, JobID(try fields.unsigned()), now: now)
        case .outcome:
            let job = JobID(try fields.unsigned())
            let residentKiB = try fields.int()
            state.finished(number, job, try fields.report(), residentKiB: residentKiB, now: now)
        default: throw FrameError("\(kind) does not belong on the data socket")
        }
        try fields.finish()
    }

    private func readControl(_ number: PreforkState.ChildNumber, _ now: UInt64) {
        guard let child = children[number] else { return }
        do throws(FrameError) {
            try child.control.receive(into: scratch, chunks: 1) { kind, fields throws(FrameError) in
                var fields = FrameDecoder(fields)
                let key = ServiceHost.Key(child: number, request: try fields.unsigned())
                switch kind {
                case .request:
                    self.host.enqueue(try fields.call(), key)
                    child.outstanding += 1
                case .abandon: self.host.abandon(key)
                default: throw FrameError("\(kind) does not belong on the control socket")
                }
                try fields.finish()
            }
        } catch {
            state.complain(number, "a broken frame: \(error)", now: now)
        }
    }

    /// Takes leave of a child that has ended, after reading what it still said.
    private func bury(_ number: PreforkState.ChildNumber, _ now: UInt64) {
        guard let child = children[number], let end = child.reap() else { return }
        readData(number, now, chunks: .max)
        children[number] = nil
        state.died(number, end, now: now)
        child.closeDescriptors()
        host.abandonQueries(of: number)
        report(state)
    }

    private func measure(_ numbers: [PreforkState.ChildNumber], _ now: UInt64) {
        for number in numbers {
            guard let pid = children[number]?.pid else { continue }
            state.measured(number, residentKiB: Int(celery_resident_kib(pid)), now: now)
        }
    }

    private func log(_ notice: PreforkNotice) {
        switch notice {
        case .cannotSpawn(let error):
            logger.error("Cannot start a child process", metadata: ["error": "\(error)", "path": "\(image.path)"])
        case .silentAtStart(let pid):
            logger.error(
                "A child process did not report itself within worker_proc_alive_timeout and is killed",
                metadata: ["pid": "\(pid)"]
            )
        case .childDied(let pid, let reason):
            logger.error("A child process died", metadata: ["pid": "\(pid)", "reason": "\(reason)"])
        }
    }

    static func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
}

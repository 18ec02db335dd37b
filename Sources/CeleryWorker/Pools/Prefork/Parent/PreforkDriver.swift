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

/// The pool's one thread: starts the children, moves frames, and does what ``PreforkState`` decides.
///
/// It lives as long as the children, which die with the thread that started them. It uses `poll`, which every system
/// has, and which costs nothing at the number of children that a machine carries.
final class PreforkDriver {
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
    }

    deinit { scratch.deallocate() }

    /// Runs until the pool is over; returns why it failed, if it did.
    func run() -> PoolError? {
        state.tick(now: Self.now())
        while true {
            settle()
            if state.isOver { break }
            for child in children.values {
                child.data.flush()
                child.control.flush()
            }
            if inbox.fallAsleep() {
                wait()
                inbox.wakeUp()
            }
            let now = Self.now()
            if let deadline = state.nextDeadline, deadline <= now {
                measure(state.tick(now: now), now)
            }
        }
        for command in inbox.close() {
            guard case .submit(let jobs) = command else { continue }
            events(.returned(jobs.reversed().map(\.id)))
        }
        return state.failure
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

    // MARK: Waiting and reading

    private func wait() {
        var polled = [pollfd(fd: inbox.receiver, events: Int16(POLLIN), revents: 0)]
        var numbers: [PreforkState.ChildNumber] = []
        var timeout: Int32 = -1
        for (number, child) in children {
            numbers.append(number)
            polled.append(Self.entry(child.data, reads: true))
            polled.append(Self.entry(child.control, reads: child.outstanding < ChildProcess.requestLimit))
            polled.append(pollfd(fd: child.endDescriptor, events: Int16(POLLIN), revents: 0))
            // Without a descriptor for its end, look again shortly.
            if child.data.isClosed, child.endDescriptor < 0 { timeout = 2 }
        }
        if let deadline = state.nextDeadline {
            let now = Self.now()
            let milliseconds = deadline <= now ? 0 : Int32(min((deadline - now) / 1_000_000 + 1, 3_600_000))
            timeout = timeout < 0 ? milliseconds : min(timeout, milliseconds)
        }
        let count = poll(&polled, nfds_t(polled.count), timeout)
        guard count > 0 || timeout == 2 else { return }
        if polled[0].revents != 0 { inbox.drainBell() }
        let now = Self.now()
        for (index, number) in numbers.enumerated() {
            if polled[index * 3 + 1].revents != 0 { readData(number, now) }
            if polled[index * 3 + 2].revents != 0 { readControl(number, now) }
            let hasEnded = polled[index * 3 + 3].revents != 0
            if hasEnded || (children[number]?.endDescriptor ?? 0) < 0 { bury(number, now) }
        }
    }

    private static func entry(_ socket: FrameSocket, reads: Bool) -> pollfd {
        let events = (reads ? Int16(POLLIN) : 0) | (socket.wantsToSend ? Int16(POLLOUT) : 0)
        return pollfd(fd: socket.isClosed ? -1 : socket.descriptor, events: events, revents: 0)
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

    private static func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
}

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
import Synchronization

/// The child's task thread: takes a job, says so, runs it, answers, and takes the next.
///
/// The outcome of a job and the acceptance of the next, if it is here already, go out together.
final class ChildLoop: Sendable {
    private struct Job {
        var number: UInt64
        var ticket: StartTicket?
        var request: TaskRequest
    }

    private enum Order {
        case journal(String)
        case job(Job)
    }

    private let data: ChildSocket
    private let link: ChildLink
    private let runner: PoolRunner
    private let reportsMemory: Bool
    private let executor = ChildExecutor()
    private let current = Mutex<(job: UInt64, control: RunControl)?>(nil)

    init(data: ChildSocket, link: ChildLink, runner: @escaping PoolRunner, reportsMemory: Bool) {
        self.data = data
        self.link = link
        self.runner = runner
        self.reportsMemory = reportsMemory
    }

    /// Never returns: the process ends with its parent, or when the control thread is told so.
    func run() {
        celery_thread_unblock_signals()
        var frames = FrameEncoder()
        frames.frame(.hello) { _ in }
        var gate: StartGate?
        do throws(FrameError) {
            while let order = try next(&frames) {
                switch order {
                case .journal(let path): gate = openGate(path)
                case .job(let job): perform(job, gate, &frames)
                }
            }
        } catch {
            PreforkChild.quit("a broken frame from the parent: \(error)")
        }
        PreforkChild.exitNow(0)
    }

    /// Without it no job could start: the parent puts another child in place of this one, and says so.
    private func openGate(_ path: String) -> StartGate {
        do {
            return try StartGate(path: path)
        } catch {
            PreforkChild.quit("\(error)")
        }
    }

    /// Waits for what comes next, after sending what is to be sent; nil when the parent is gone.
    private func next(_ frames: inout FrameEncoder) throws(FrameError) -> Order? {
        if !data.hasWaiting {
            guard data.send(frames) else { return nil }
            frames.removeAll()
        }
        return try data.receive { kind, fields throws(FrameError) -> Order in
            switch kind {
            case .journal: return .journal(try fields.string())
            case .job:
                let number = try fields.unsigned()
                let ticket = try fields.optional { fields throws(FrameError) in try fields.ticket() }
                return .job(Job(number: number, ticket: ticket, request: try fields.request()))
            default: throw FrameError("\(kind) does not belong on the data socket")
            }
        }
    }

    /// Asks the run to stop, if it is the current one.
    func cancel(_ job: UInt64, _ cause: RunControl.Cause) {
        let control = current.withLock { $0.flatMap { $0.job == job ? $0.control : nil } }
        control?.cancel(cause)
    }

    private func perform(_ job: Job, _ gate: StartGate?, _ frames: inout FrameEncoder) {
        let control = RunControl()
        current.withLock { $0 = (job.number, control) }
        defer { current.withLock { $0 = nil } }
        // A small outcome goes out with the acceptance; a large one first, lest both are lost while it is on its way.
        if frames.bytes.count > 4 << 10 {
            data.send(frames)
            frames.removeAll()
        }
        if let ticket = job.ticket, job.request.hasExpired || gate?.pass(ticket) != true {
            return frames.frame(.declined) { $0.unsigned(job.number) }
        }
        CutPoint.childBegun.reached()
        frames.frame(.accepted) { $0.unsigned(job.number) }
        data.send(frames)
        frames.removeAll()
        let report = run(job.request, control)
        CutPoint.childRan.reached()
        encode(job.number, report, &frames)
        if frames.bytes.count > data.limit {
            let size = frames.bytes.count
            frames.removeAll()
            encode(job.number, .tooLarge("result", size, limit: data.limit), &frames)
        }
    }

    private func run(_ request: TaskRequest, _ control: RunControl) -> TaskReport {
        let box = ReportBox()
        executor.run {
            let report = await self.runner(request, control)
            // Nothing that the task sent may come after its outcome.
            await self.link.drain()
            box.report.withLock { $0 = report }
        } control: { task in
            control.onCancel { task.cancel() }
        }
        return box.report.withLock { $0 } ?? TaskReport(outcome: .ignored)
    }

    private func encode(_ job: UInt64, _ report: TaskReport, _ frames: inout FrameEncoder) {
        frames.frame(.outcome) { frame in
            frame.unsigned(job)
            frame.int(reportsMemory ? celery_resident_kib(0) : -1)
            frame.report(report)
        }
    }

    private final class ReportBox: Sendable {
        let report = Mutex<TaskReport?>(nil)
    }
}

extension TaskRequest {
    /// While it waited behind another; the parent ends it as expired.
    fileprivate var hasExpired: Bool {
        guard let expires = message.headers.expires, let moment = Timestamp(iso8601: expires) else { return false }
        return moment < .now
    }
}

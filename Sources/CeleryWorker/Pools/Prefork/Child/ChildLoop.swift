//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryKit
import Synchronization

/// The child's task thread: takes a job, says so, runs it, answers, and takes the next.
final class ChildLoop: Sendable {
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
        while data.send(frames) {
            do throws(FrameError) {
                let received = try data.receive { kind, fields throws(FrameError) -> (UInt64, TaskRequest) in
                    guard kind == .job else { throw FrameError("\(kind) does not belong on the data socket") }
                    let job = try fields.unsigned()
                    return (job, try fields.request())
                }
                guard let (job, request) = received else { break }
                frames = perform(job, request)
            } catch {
                PreforkChild.quit("a broken frame from the parent: \(error)")
            }
        }
        PreforkChild.exitNow(0)
    }

    /// Asks the run to stop, if it is the current one.
    func cancel(_ job: UInt64, _ cause: RunControl.Cause) {
        let control = current.withLock { $0.flatMap { $0.job == job ? $0.control : nil } }
        control?.cancel(cause)
    }

    private func perform(_ job: UInt64, _ request: TaskRequest) -> FrameEncoder {
        let control = RunControl()
        current.withLock { $0 = (job, control) }
        var frames = FrameEncoder()
        frames.frame(.accepted) { _ in }
        data.send(frames)
        frames.removeAll()
        let report = run(request, control)
        current.withLock { $0 = nil }
        encode(job, report, &frames)
        if frames.bytes.count > data.limit {
            let size = frames.bytes.count
            frames.removeAll()
            encode(job, .tooLarge("result", size, limit: data.limit), &frames)
        }
        return frames
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

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryKit
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What is asked of the pool's thread by others; wakes it when it sleeps.
final class PreforkInbox: Sendable {
    enum Command: Sendable {
        case submit([PoolJob])
        case cancel(JobID, RunControl.Cause)
        case kill(JobID, KillCause)
        case recall(JobID)
        case recallAll
        case resize(Int)
        case restart
        case stop
        case abort
        case reply(ServiceHost.Key, ServiceReply)
    }

    private enum Phase { case waiting, awake, asleep, over }

    private struct State {
        var phase = Phase.waiting
        var commands: [Command] = []
        /// Pieces of Swift tasks that prefer the thread.
        var jobs: [UnownedJob] = []
    }

    private let state = Mutex(State())
    private let sender: Int32
    /// Readable when there is something for a thread that sleeps.
    let receiver: Int32

    init() throws(SystemError) {
        var pair: (Int32, Int32) = (-1, -1)
        let error = withUnsafeMutablePointer(to: &pair) { pair in
            pair.withMemoryRebound(to: Int32.self, capacity: 2) { celery_socket_pair($0) }
        }
        guard error == 0 else { throw SystemError(error) }
        (sender, receiver) = pair
    }

    deinit {
        _ = close(sender)
        _ = close(receiver)
    }

    /// Leaves a command, for whoever drives next. False when the thread has ended: the command is lost.
    func leave(_ command: Command) -> Bool {
        state.withLock { state in
            guard state.phase != .over else { return false }
            state.commands.append(command)
            return true
        }
    }

    /// Wakes the thread if it sleeps.
    func ring() {
        let wakes = state.withLock { state in
            guard state.phase == .asleep else { return false }
            state.phase = .awake
            return true
        }
        guard wakes else { return }
        var byte: UInt8 = 1
        _ = celery_send(sender, &byte, 1, 0)
    }

    /// Hands over what there is, in exchange for an empty buffer. False when there was nothing.
    func exchange(_ buffer: inout [Command]) -> Bool {
        buffer.removeAll(keepingCapacity: true)
        state.withLock { swap(&buffer, &$0.commands) }
        return !buffer.isEmpty
    }

    /// Leaves a piece of a Swift task, and wakes the thread for it. False when that has ended.
    func post(_ job: UnownedJob) -> Bool {
        let isTaken = state.withLock { state in
            guard state.phase != .over else { return false }
            state.jobs.append(job)
            return true
        }
        if isTaken { ring() }
        return isTaken
    }

    /// As ``exchange(_:)``, of pieces of Swift tasks.
    func exchange(_ buffer: inout [UnownedJob]) -> Bool {
        buffer.removeAll(keepingCapacity: true)
        state.withLock { swap(&buffer, &$0.jobs) }
        return !buffer.isEmpty
    }

    /// Whether the thread may sleep: nothing came in the meantime.
    func fallAsleep() -> Bool {
        state.withLock { state in
            guard state.commands.isEmpty, state.jobs.isEmpty else { return false }
            state.phase = .asleep
            return true
        }
    }

    func wakeUp() { state.withLock { $0.phase = .awake } }

    /// Takes away what wakes it.
    func drainBell() {
        var bytes: UInt64 = 0
        while celery_receive(receiver, &bytes, 8, 0) == 8 {}
    }

    /// Ends it; returns the jobs that came too late, the last first, as they were submitted together.
    func end() -> [[JobID]] {
        let late = state.withLock { state in
            state.phase = .over
            defer { state.commands = [] }
            return state.commands
        }
        return late.compactMap { command in
            guard case .submit(let jobs) = command else { return nil }
            return jobs.reversed().map(\.id)
        }
    }

    private func close(_ descriptor: Int32) -> Int32 {
        #if canImport(Glibc)
        Glibc.close(descriptor)
        #elseif canImport(Musl)
        Musl.close(descriptor)
        #else
        Darwin.close(descriptor)
        #endif
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import Synchronization

/// The child's requests to its parent, any number of them at a time.
final class ChildLink: Sendable {
    private typealias Answer = CheckedContinuation<Result<ServiceReply, TransportError>, Never>

    private struct State {
        var next: UInt64 = 0
        /// Requests that somebody waits for.
        var waiting: [UInt64: Answer] = [:]
        /// Requests that change something and are not answered, whether or not somebody still waits.
        var unsettled: Set<UInt64> = []
        var drains: [(pending: Set<UInt64>, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let control: ChildSocket
    private let state = Mutex(State())

    init(control: ChildSocket) { self.control = control }

    /// Asks and waits. When cancelled, it stops waiting; a change may then have taken effect or not.
    func request(_ call: ServiceCall) async throws(TransportError) -> ServiceReply {
        let id = state.withLock { state in
            state.next += 1
            if call.isMutating { state.unsettled.insert(state.next) }
            return state.next
        }
        var frame = FrameEncoder()
        frame.frame(.request) { frame in
            frame.unsigned(id)
            frame.call(call)
        }
        guard frame.bytes.count <= control.limit else {
            answer(id, .done)
            throw TransportError.tooLarge("request", frame.bytes.count, limit: control.limit)
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Answer) in
                state.withLock { $0.waiting[id] = continuation }
                control.send(frame)
                // The handler may have come before the continuation.
                if Task.isCancelled { abandon(id) }
            }
        } onCancel: {
            abandon(id)
        }
        guard case .failure(let error) = try result.get() else { return try result.get() }
        throw error
    }

    /// Waits until every change that was asked for so far is confirmed or refused.
    func drain() async {
        guard state.withLock({ !$0.unsettled.isEmpty }) else { return }
        await withCheckedContinuation { continuation in
            let isDue = state.withLock { state in
                guard !state.unsettled.isEmpty else { return true }
                state.drains.append((state.unsettled, continuation))
                return false
            }
            if isDue { continuation.resume() }
        }
    }

    /// The parent's answer; ignored when nobody waits for it.
    func answer(_ id: UInt64, _ reply: ServiceReply) {
        let (waiter, drained) = state.withLock { state in
            let waiter = state.waiting.removeValue(forKey: id)
            var drained: [CheckedContinuation<Void, Never>] = []
            if state.unsettled.remove(id) != nil {
                for index in state.drains.indices { state.drains[index].pending.remove(id) }
                drained = state.drains.filter { $0.pending.isEmpty }.map(\.continuation)
                state.drains.removeAll { $0.pending.isEmpty }
            }
            return (waiter, drained)
        }
        waiter?.resume(returning: .success(reply))
        for continuation in drained { continuation.resume() }
    }

    private func abandon(_ id: UInt64) {
        guard let waiter = state.withLock({ $0.waiting.removeValue(forKey: id) }) else { return }
        var frame = FrameEncoder()
        frame.frame(.abandon) { $0.unsigned(id) }
        control.send(frame)
        let error = TransportError(.closed, "the task was cancelled while it waited", cause: CancellationError())
        waiter.resume(returning: .failure(error))
    }
}

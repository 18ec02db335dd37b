//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization

extension WorkerPipeline {
    /// Revokes tasks here and now: what waits never starts, and with `terminate` what runs is ended. Returns the ids of those that
    /// this worker has.
    @discardableResult
    func revoke(_ ids: [String], terminate: Bool, signal: String) -> [String] {
        revocations.learn(ids)
        let wanted = Set(ids)
        return stop(terminate: terminate, signal: signal) { wanted.contains($0.headers.id) }
    }

    /// The same for tasks that have one of these stamps.
    func revokeStamped(_ headers: [String: [CeleryValue]], terminate: Bool, signal: String) -> [String] {
        stop(terminate: terminate, signal: signal) { stamps.contains($0) }
    }

    /// Ends those that wait, takes back those that wait in the pool to be ended too, and ends those that run when they are to be.
    private func stop(terminate: Bool, signal: String, _ isMeant: (Message) -> Bool) -> [String] {
        let number = SignalName.number(signal) ?? 15
        let (jobs, waiting, ended) = state.withLock { state in
            let jobs = state.running.filter { isMeant($0.value.task.request.message) }
            if terminate { for job in jobs.keys { state.terminate(job, signal: number) } }
            let ended = state.ended.filter(isMeant).map(\.headers.id)
            let waiting = state.takeReady(where: isMeant)
            for (task, epoch) in waiting {
                let ending = Ending(task.request.message, .acknowledge, revoked: "revoked", policy: task.policy)
                state.settle(Finished(item: .ended(ending, task.asDelivery), epoch: epoch))
            }
            return (jobs, waiting.map(\.task.request.message.headers.id), ended)
        }
        if !waiting.isEmpty { settleBell.ring() }
        for (job, task) in jobs {
            guard terminate else {
                pool.recall(job)
                continue
            }
            if task.pid != 0 { log.terminating(task.task.request.message, signal: signal) }
            if !pool.kill(job, .terminated(signal: number)) { pool.cancel(job, .terminated) }
        }
        startBell.ring()
        return jobs.values.map(\.task.request.message.headers.id) + waiting + ended
    }

    /// Writes the file of `--statedb`, when something is new and the last time is long enough ago.
    func saveRevocations() {
        do {
            try revocations.save(onlyIfDue: true)
        } catch {
            log.revocationsNotSaved(error)
        }
    }

    /// The last look at the store, and the file as it stays. Everything else has ended.
    func saveRevocationsAtLast() async {
        if let store = transport.revocations {
            while (try? await revocations.refresh(from: store)) != nil {}
        }
        do {
            try revocations.save()
        } catch {
            log.revocationsNotSaved(error)
        }
    }
}

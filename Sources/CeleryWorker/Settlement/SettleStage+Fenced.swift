//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

extension SettleStage {
    /// This worker was taken for dead after it had claimed chords: the messages of their last parts are others' now, and the bodies
    /// have not left with them.
    ///
    /// Whoever has a claim sends the body. A worker of Python's that was given such a part meanwhile, and met the claim,
    /// has acknowledged it, and nobody else ever would. So the bodies leave by themselves, unless a claim, asked for once more, has passed
    /// to somebody else or the chord is over.
    func keepPromises(_ outcome: ChordStage.Outcome) async {
        guard !outcome.leaving.isEmpty, let chords = pipeline.backend.chords else { return }
        // Elsewhere they have left before the messages were to be released.
        guard isOneStore else { return await finish(outcome.claims) }
        var failures = 0
        while !Task.isCancelled {
            do throws(TransportError) {
                return try await sendBodies(outcome, chords)
            } catch {
                failed(error, count: outcome.leaving.count)
                guard error.isTransient else { return }
            }
            failures += 1
            try? await Task.sleep(for: .milliseconds(min(5000, 100 << min(failures, 6))))
        }
    }

    private func sendBodies(_ outcome: ChordStage.Outcome, _ chords: any ChordStore) async throws(TransportError) {
        let timeout = pipeline.app.settings.brokerTimeout
        let held = outcome.leaving
        let answers = try await chords.count(held.map(\.part), timeout: timeout)
        var passed: Set<Int> = []
        for (one, answer) in zip(held, answers) {
            if case .complete = answer { continue }
            passed.insert(one.index)
        }
        let kept = held.filter { !passed.contains($0.index) }
        let items = Set(kept.map(\.index)).sorted().map { outcome.items[$0] }
        let results = items.flatMap(\.settlement.results)
        if !results.isEmpty { try await pipeline.backend.store(results, timeout: timeout) }
        let bodies = items.flatMap(\.chordBodies)
        if !bodies.isEmpty { try await pipeline.transport.publish(bodies, timeout: timeout) }
        if !kept.isEmpty { await finish(kept.map(\.claim)) }
    }
}

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
    /// This worker has claimed chords whose bodies could not leave with the messages of their last parts: it was taken for dead, and these
    /// are others' now, or they were settled before, by an attempt of which nobody has heard that it took effect.
    ///
    /// Whoever has a claim sends the body. A worker of Python's that was given such a part meanwhile, and met the claim,
    /// has acknowledged it, and nobody else ever would. So the bodies leave by themselves, unless a claim, asked for once more, has passed
    /// to somebody else or the chord is over, as it is when the earlier attempt has sent them.
    func keepPromises(_ outcome: ChordStage.Outcome, at consumer: any TransportConsumer) async {
        // Elsewhere they have left, and the chords are over, before the messages are to be released.
        guard !outcome.held.isEmpty, isOneStore, let chords = pipeline.backend.chords else { return }
        var failures = 0
        while !Task.isCancelled {
            do throws(TransportError) {
                return try await sendBodies(outcome, chords, consumer)
            } catch {
                failed(error, count: outcome.held.count)
                guard error.isTransient else { return }
            }
            failures += 1
            try? await Task.sleep(for: .milliseconds(min(5000, 100 << min(failures, 6))))
        }
    }

    private func sendBodies(
        _ outcome: ChordStage.Outcome,
        _ chords: any ChordStore,
        _ consumer: any TransportConsumer
    ) async throws(TransportError) {
        let timeout = pipeline.app.settings.brokerTimeout
        let answers = try await chords.count(outcome.held.map(\.part), timeout: timeout)
        let kept = zip(outcome.held, answers)
            .filter { if case .complete = $0.1 { true } else { false } }
            .map(\.0)
        guard !kept.isEmpty else { return }
        let results = Set(kept.map(\.index)).sorted().flatMap { outcome.items[$0].settlement.results }
        if !results.isEmpty { try await pipeline.backend.store(results, timeout: timeout) }
        try await consumer.end(kept.map(\.end))
    }
}

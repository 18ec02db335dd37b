//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What is counted while tasks are judged, and how it is printed.
extension Verdict {
    struct Counts {
        var sent = 0
        var run = 0
        var successes = 0
        var lost = 0
        var workerLost = 0
        var neverRan = 0
        var deadLetters = 0
        var runTwice = 0
        var excusedRepeats = 0
        var sentTwice = 0
        /// Seconds from the end of a run to the kill that came before its settlement, so that it ran again.
        var unsettledFor: [Double] = []
        /// Seconds from a kill to the next start, or to the stored WorkerLostError.
        var backAfter: [Double] = []
        /// Seconds from the moment a task was due to its first start: who was killed meanwhile may have held it.
        var startedAfter: [Double] = []
        /// The same, for each of those who held it one after the other and were killed.
        var startedAfterEach: [Double] = []

        var figures: [(name: String, value: String)] {
            [
                ("sent", "\(sent)"),
                ("run", "\(run)"),
                ("succeeded", "\(successes)"),
                ("lost", "\(lost)"),
                ("failed with WorkerLostError", "\(workerLost)"),
                ("… of these, killed before the first instruction", "\(neverRan)"),
                ("dead letters", "\(deadLetters)"),
                ("run more than once", "\(runTwice)"),
                ("… only where a blow hit the run", "\(excusedRepeats)"),
                ("… of these, ended but not yet settled", "\(unsettledFor.count)"),
                ("… the kill at most this long after the end", most(unsettledFor)),
                ("… sent twice, since the answer was lost", "\(sentTwice)"),
                ("back after a kill while a worker is up, median", median(backAfter)),
                ("back after a kill while a worker is up, at most", most(backAfter)),
                ("first start after it was due while a worker is up, median", median(startedAfter)),
                ("first start after it was due while a worker is up, at most", most(startedAfter)),
                ("… for each worker that died with it, at most", most(startedAfterEach)),
            ]
        }

        private func median(_ values: [Double]) -> String {
            values.isEmpty ? "–" : Verdict.seconds(values.sorted()[values.count / 2])
        }

        private func most(_ values: [Double]) -> String { values.max().map(Verdict.seconds) ?? "–" }
    }

    static func seconds(_ value: Double) -> String { "\((value * 100).rounded() / 100) s" }

    static func tally(_ words: [String]) -> String {
        var counts: [String: Int] = [:]
        for word in words { counts[word, default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// Where a test can let the process die; see ``CutPoint``.
extension Round {
    /// It was written, and is not answered yet.
    func wasSent() {
        #if DEBUG
        if fetch.takes { CutPoint.fetchSent.reached() }
        if !begins.isEmpty { CutPoint.beginSent.reached() }
        if !settles.isEmpty { CutPoint.settleSent.reached() }
        if isClose { CutPoint.closeSent.reached() }
        #endif
    }

    /// It took effect, and nobody has heard of it.
    func tookEffect(_ results: [RESPValue]) {
        #if DEBUG
        if results.dropFirst(fetchStart).contains(where: { $0.bytes != nil || hasMessages($0) }) {
            CutPoint.fetchAnswered.reached()
        }
        if !begins.isEmpty { CutPoint.beginAnswered.reached() }
        if !settles.isEmpty { CutPoint.settleAnswered.reached() }
        if isClose { CutPoint.closeAnswered.reached() }
        #endif
    }

    /// Whether it is the answer of the script that takes what is due, and not only of times.
    private func hasMessages(_ answer: RESPValue) -> Bool {
        answer.elements.last?.elements.contains { !$0.elements.isEmpty } ?? false
    }
}
#endif

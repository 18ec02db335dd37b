//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import Synchronization

/// What reaches the screen, from wherever it comes, in one row.
final class ScreenInputs: Sendable {
    enum Input: Sendable {
        case keys([Key])
        /// Events are heard from now on.
        case listening
        /// Something may look different now.
        case refresh
        /// The window has another size, or others have drawn on it.
        case resized
        case suspend
        case resumed
        case replies([ControlReply])
        /// A command came to nothing.
        case failed(String)
        /// The end; with an error when it is none of the user's.
        case ended((any Error)?)
    }

    /// Keys that are typed ahead.
    private static let limit = 1024

    let stream: AsyncStream<Input>
    private let continuation: AsyncStream<Input>.Continuation
    private let hasNews = Atomic(false)
    /// A refresh is in the row: behind a slow terminal they do not pile up, and keys and the end have their place.
    private let isRefreshing = Atomic(false)

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.limit))
    }

    func send(_ input: Input) { continuation.yield(input) }

    /// An event came; it is shown with the next refresh.
    func noteEvent() { hasNews.store(true, ordering: .relaxed) }

    /// Sends refreshes until cancelled: at most one in a tenth of a second where events come, and one a second where none do, for
    /// silence too tells something.
    func tick() async {
        var rounds = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(100))
            rounds += 1
            guard hasNews.exchange(false, ordering: .relaxed) || rounds >= 10 else { continue }
            rounds = 0
            if !isRefreshing.exchange(true, ordering: .relaxed) { send(.refresh) }
        }
    }

    /// The refresh is taken, and the next may come.
    func tookRefresh() { isRefreshing.store(false, ordering: .relaxed) }
}

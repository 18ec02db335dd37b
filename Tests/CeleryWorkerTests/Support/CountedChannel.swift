//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryTesting
import CeleryWire
import Synchronization

/// How many listen to a ``CountedChannel``.
final class OpenListeners: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    fileprivate func add(_ number: Int) { state.withLock { $0 += number } }
}

/// Another channel, whose listeners are counted, and over which nothing is sent during an outage.
struct CountedChannel: BroadcastChannel {
    let base: any BroadcastChannel
    let telling: Outage
    let listeners: OpenListeners

    func send(
        _ messages: [BroadcastMessage],
        kind: Exchange.Kind,
        timeout: Duration
    ) async throws(TransportError) {
        try telling.call("send")
        try await base.send(messages, kind: kind, timeout: timeout)
    }

    func listen(to addresses: [BroadcastAddress], timeout: Duration) async throws(TransportError)
        -> any BroadcastListener
    {
        let listener = try await base.listen(to: addresses, timeout: timeout)
        listeners.add(1)
        return Listener(base: listener, listeners: listeners)
    }

    private struct Listener: BroadcastListener {
        let base: any BroadcastListener
        let listeners: OpenListeners

        var dropped: Int { base.dropped }

        func receive(timeout: Duration) async throws(TransportError) -> [HeardBroadcast] {
            try await base.receive(timeout: timeout)
        }

        func close() async {
            listeners.add(-1)
            await base.close()
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

/// Broadcasts within this process.
struct MemoryBroadcasts: BroadcastChannel {
    let store: MemoryStore

    func send(
        _ messages: [BroadcastMessage],
        kind: Exchange.Kind,
        timeout: Duration
    ) async throws(TransportError) {
        let listeners = store.listeners.withLock { Array($0.values) }
        for listener in listeners {
            let wanted = messages.filter { message in listener.addresses.contains { $0.matches(message) } }
            if !wanted.isEmpty { listener.buffer.put(wanted.map { .success($0) }) }
        }
    }

    func listen(
        to addresses: [BroadcastAddress],
        timeout: Duration
    ) async throws(TransportError) -> any BroadcastListener {
        let listener = MemoryListener(store: store, addresses: addresses)
        store.listeners.withLock { $0[ObjectIdentifier(listener)] = listener }
        return listener
    }
}

final class MemoryListener: BroadcastListener {
    let addresses: [BroadcastAddress]
    let buffer: BroadcastBuffer
    private let store: MemoryStore

    init(store: MemoryStore, addresses: [BroadcastAddress]) {
        self.store = store
        self.addresses = addresses
        buffer = BroadcastBuffer(time: store.time)
    }

    var dropped: Int { buffer.dropped }

    func receive(timeout: Duration) async throws(TransportError) -> [HeardBroadcast] {
        await buffer.take(timeout: timeout)
    }

    func close() async {
        store.listeners.withLock { $0[ObjectIdentifier(self)] = nil }
        buffer.close()
    }
}

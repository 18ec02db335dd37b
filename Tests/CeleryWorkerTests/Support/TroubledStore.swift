//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryTesting
import CeleryWire
import Logging
import Synchronization

/// An app on a memory store with troubles: consumers may refuse other queues, broadcasts to be sent, and results may be slow.
struct TroubledStore: Sendable {
    let app: CeleryApp
    let store: MemoryStore
    /// Of the broker.
    let consumption = Outage()
    /// While it lasts nothing can be broadcast; who listens goes on.
    let telling = Outage()
    let listeners = OpenListeners()
    let lookups = Lookups()

    init(_ name: String) {
        let store = MemoryStore(name: name)
        let (consumption, telling, listeners, lookups) = (consumption, telling, listeners, lookups)
        var registry = PluginRegistry()
        registry.register(transport: "troubled") { _ throws(TransportError) in
            let channel = store.transport.broadcasts.map {
                CountedChannel(base: $0, telling: telling, listeners: listeners)
            }
            return FaultyTransport(store.transport, outage: consumption, broadcasts: channel)
        }
        registry.register(backend: "troubled") { _ throws(TransportError) in
            SlowBackend(base: store.backend, lookups: lookups)
        }
        var settings = CelerySettings()
        (settings.brokerURL, settings.resultBackend) = ("troubled://", "troubled://")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        self.store = store
        app = CeleryApp("test", registry: registry, settings: settings, logger: logger)
    }

    /// Looking up results: how often it was begun, and what holds it up.
    final class Lookups: Sendable {
        private struct State {
            var count = 0
            var gate: Doorway?
        }

        private let state = Mutex(State())

        var count: Int { state.withLock { $0.count } }

        /// Those that begin from now on wait until the gate opens.
        func hang() -> Doorway {
            let gate = Doorway()
            state.withLock { $0.gate = gate }
            return gate
        }

        fileprivate func begin() -> Doorway? {
            state.withLock { state in
                state.count += 1
                return state.gate
            }
        }
    }
}

private struct SlowBackend: ResultBackend {
    let base: any ResultBackend
    let lookups: TroubledStore.Lookups

    var location: String { base.location }
    var storeIdentity: StoreIdentity? { nil }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        try await base.store(results, timeout: timeout)
    }
    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        await lookups.begin()?.waitUntilOpen()
        return try await base.fetch(ids, timeout: timeout)
    }
    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
        try await base.wait(for: id, timeout: timeout)
    }
    func forget(_ ids: [String]) async throws(TransportError) { try await base.forget(ids) }
    func removeExpired() async throws(TransportError) -> Int { try await base.removeExpired() }
    func shutdown() async { await base.shutdown() }
}

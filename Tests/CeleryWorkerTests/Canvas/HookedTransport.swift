//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Logging

/// A memory store as broker, one store with the result backend, that tests may let refuse settlements.
struct HookedTransport: Transport {
    /// Asked before something is done, or once it is; what it throws is what the caller is told.
    struct Hooks: Sendable {
        typealias Settling = @Sendable ([Settlement]) async throws(TransportError) -> Void

        var beforeSettling: Settling = { _ throws(TransportError) in }
        var afterSettling: Settling = { _ throws(TransportError) in }
        var beforePublishing: @Sendable ([OutgoingMessage]) async throws(TransportError) -> Void = {
            _ throws(TransportError) in
        }
        var beforeListing: @Sendable () async -> Void = {}
        var beforeConsuming: @Sendable () async -> Void = {}
    }

    let base: any Transport
    let hooks: Hooks

    var capabilities: TransportCapabilities { base.capabilities }
    var location: String { base.location }
    var storeIdentity: StoreIdentity? { base.storeIdentity }
    var revocations: (any RevocationStore)? { base.revocations }
    var deadLetters: any DeadLetterStore { base.deadLetters }
    var broadcasts: (any BroadcastChannel)? { base.broadcasts }

    func declare(_ topology: Topology) async throws(TransportError) { try await base.declare(topology) }
    func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError) {
        try await hooks.beforePublishing(messages)
        try await base.publish(messages, timeout: timeout)
    }
    func openConsumer(
        _ configuration: ConsumerConfiguration
    ) async throws(TransportError) -> any TransportConsumer {
        await hooks.beforeConsuming()
        return HookedConsumer(base: try await base.openConsumer(configuration), hooks: hooks)
    }
    func postponed(in queues: [String], limit: Int) async throws(TransportError) -> [PostponedMessage] {
        await hooks.beforeListing()
        return try await base.postponed(in: queues, limit: limit)
    }
    func purge(_ queues: [String]) async throws(TransportError) -> Int { try await base.purge(queues) }
    func status(of queues: [String]) async throws(TransportError) -> [QueueStatus] {
        try await base.status(of: queues)
    }
    func bindings() async throws(TransportError) -> [Binding] { try await base.bindings() }
    func consumers() async throws(TransportError) -> [ConsumerPresence] { try await base.consumers() }
    func shutdown() async { await base.shutdown() }

    /// An app with one.
    ///
    /// - Parameter results: With these the results lie in another store than the messages.
    static func app(
        _ store: MemoryStore,
        _ hooks: Hooks,
        lease: Duration? = nil,
        results: HookedBackend.Hooks? = nil
    ) -> CeleryApp {
        var registry = PluginRegistry()
        registry.register(transport: "hooked") { _ throws(TransportError) in
            HookedTransport(base: store.transport, hooks: hooks)
        }
        registry.register(backend: "hooked") { _ throws(TransportError) in
            guard let results else { return store.backend }
            return HookedBackend(base: store.backend, hooks: results)
        }
        var settings = CelerySettings()
        (settings.brokerURL, settings.resultBackend) = ("hooked://", "hooked://")
        if let lease { settings.workerLease = lease }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return CeleryApp("test", registry: registry, settings: settings, logger: logger)
    }
}

private struct HookedConsumer: TransportConsumer {
    let base: any TransportConsumer
    let hooks: HookedTransport.Hooks

    func receive(upTo credit: Int) async throws(TransportError) -> [Delivery] {
        try await base.receive(upTo: credit)
    }
    func begin(_ marks: [BeginMark]) async throws(TransportError) { try await base.begin(marks) }
    func settle(_ settlements: [Settlement]) async throws(TransportError) {
        try await hooks.beforeSettling(settlements)
        try await base.settle(settlements)
        try await hooks.afterSettling(settlements)
    }
    func end(_ chords: [ChordEnd]) async throws(TransportError) { try await base.end(chords) }
    func consume(_ queues: [String]) async throws(TransportError) { try await base.consume(queues) }
    func close() async throws(TransportError) { try await base.close() }
}

extension [Settlement] {
    /// Whether a task is sent with them, be it as the body of a chord that ends.
    func send(_ task: String) -> Bool {
        contains { settlement in
            (settlement.publish + settlement.chords.flatMap(\.publish)).contains { $0.message.headers.task == task }
        }
    }
}

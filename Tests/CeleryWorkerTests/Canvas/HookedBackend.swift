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

/// A result backend, another store than the broker, that tests may let refuse single calls.
struct HookedBackend: ResultBackend {
    /// What is asked before a call; the call is refused with what it throws.
    struct Hooks: Sendable {
        var store: @Sendable ([StoredResult]) async throws(TransportError) -> Void = { _ throws(TransportError) in }
        var count: @Sendable () async throws(TransportError) -> Void = { () throws(TransportError) in }
        var finish: @Sendable () throws(TransportError) -> Void = { () throws(TransportError) in }
        /// Whether it counts the parts of chords at all.
        var counts = true
    }

    let base: any ResultBackend
    let hooks: Hooks

    var location: String { base.location }
    var storeIdentity: StoreIdentity? { nil }
    var chords: (any ChordStore)? { hooks.counts ? base.chords.map { HookedChords(base: $0, hooks: hooks) } : nil }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        try await hooks.store(results)
        try await base.store(results, timeout: timeout)
    }
    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        try await base.fetch(ids, timeout: timeout)
    }
    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
        try await base.wait(for: id, timeout: timeout)
    }
    func forget(_ ids: [String]) async throws(TransportError) { try await base.forget(ids) }
    func removeExpired() async throws(TransportError) -> Int { try await base.removeExpired() }
    func shutdown() async { await base.shutdown() }

    /// An app with one.
    static func app(
        _ store: MemoryStore,
        _ hooks: Hooks,
        _ configure: (inout CelerySettings) -> Void = { _ in }
    ) -> CeleryApp {
        var registry = PluginRegistry()
        registry.register(transport: "hooked") { _ throws(TransportError) in store.transport }
        registry.register(backend: "hooked") { _ throws(TransportError) in
            HookedBackend(base: store.backend, hooks: hooks)
        }
        var settings = CelerySettings()
        (settings.brokerURL, settings.resultBackend) = ("hooked://", "hooked://")
        configure(&settings)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return CeleryApp("test", registry: registry, settings: settings, logger: logger)
    }
}

private struct HookedChords: ChordStore {
    let base: any ChordStore
    let hooks: HookedBackend.Hooks

    func start(_ chords: [ChordStart], timeout: Duration) async throws(TransportError) {
        try await base.start(chords, timeout: timeout)
    }
    func count(_ parts: [ChordPart], timeout: Duration) async throws(TransportError) -> [ChordProgress] {
        try await hooks.count()
        return try await base.count(parts, timeout: timeout)
    }
    func finish(_ claims: [ChordClaim], timeout: Duration) async throws(TransportError) {
        try hooks.finish()
        try await base.finish(claims, timeout: timeout)
    }
    func extend(
        _ groupID: String,
        by count: Int,
        as addition: String,
        timeout: Duration
    ) async throws(TransportError) {
        try await base.extend(groupID, by: count, as: addition, timeout: timeout)
    }

    func additions(
        to groupID: String,
        beginningWith prefix: String,
        timeout: Duration
    ) async throws(TransportError) -> [String] {
        try await base.additions(to: groupID, beginningWith: prefix, timeout: timeout)
    }
}

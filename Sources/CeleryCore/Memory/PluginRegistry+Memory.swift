//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

extension PluginRegistry {
    /// Serves `memory://` and `memory://name`: within this registry equal names are one store, as broker and backend.
    ///
    /// - Parameter store: What `memory://` without a name stands for. Default: a new store, made at first use.
    public mutating func registerMemory(_ store: MemoryStore? = nil) {
        let stores = NamedStores(unnamed: store)
        register(transport: "memory") { context throws(TransportError) in stores.store(for: context).transport }
        register(backend: "memory") { context throws(TransportError) in stores.store(for: context).backend }
    }
}

/// The memory stores of one registry, made when first asked for.
private final class NamedStores: Sendable {
    private let stores: Mutex<[String: MemoryStore]>

    init(unnamed: MemoryStore?) { stores = Mutex(unnamed.map { ["": $0] } ?? [:]) }

    func store(for context: PluginContext) -> MemoryStore {
        let name = context.url.host ?? ""
        return stores.withLock { stores in
            if let store = stores[name] { return store }
            let store = MemoryStore(
                name: name,
                time: context.time,
                deadLetterRetention: context.deadLetterRetention,
                deadLetterLimit: context.deadLetterLimit
            )
            stores[name] = store
            return store
        }
    }
}

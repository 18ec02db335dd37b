//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
public import CeleryCore

extension PluginRegistry {
    /// Serves `sqlite:///relative/path` and `sqlite:////absolute/path`, as broker and as result backend.
    ///
    /// Within one process all transports and backends of one file share one store object.
    public mutating func registerSQLite() {
        register(transport: "sqlite") { context throws(TransportError) in
            SQLiteTransport(store: try await SQLiteStores.acquire(SQLiteOptions(context)), codec: context.codec)
        }
        register(backend: "sqlite") { context throws(TransportError) in
            let claim = try ChordTimes.claim(context)
            let store = try await SQLiteStores.acquire(SQLiteOptions(context))
            return SQLiteResultBackend(store: store, codec: context.codec, chordClaim: claim)
        }
    }
}
#endif

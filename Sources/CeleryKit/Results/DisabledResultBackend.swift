//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// What stands in when no result backend is configured: storing does nothing, reading is an error.
struct DisabledResultBackend: ResultBackend {
    var location: String { "disabled://" }
    var storeIdentity: StoreIdentity? { nil }

    private var error: TransportError {
        TransportError(
            .misconfigured,
            "no result backend is configured: set result_backend or CELERY_RESULT_BACKEND to read results"
        )
    }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {}
    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] { throw error }
    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? { throw error }
    func forget(_ ids: [String]) async throws(TransportError) { throw error }
    func removeExpired() async throws(TransportError) -> Int { 0 }
    func shutdown() async {}
}

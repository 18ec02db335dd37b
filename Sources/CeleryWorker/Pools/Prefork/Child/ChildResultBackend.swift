//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// The parent's result backend, as a task in a child sees it.
struct ChildResultBackend: ResultBackend {
    private let facts: ServiceFacts
    private let link: ChildLink

    init(facts: ServiceFacts, link: ChildLink) {
        self.facts = facts
        self.link = link
    }

    var location: String { facts.backendLocation }
    var storeIdentity: StoreIdentity? { facts.backendIdentity }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        _ = try await link.request(.store(results, timeout: timeout))
    }

    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        guard case .metas(let metas) = try await link.request(.fetch(ids, timeout: timeout))
        else { throw .unexpectedReply }
        return Dictionary(metas.map { ($0.taskID, $0) }, uniquingKeysWith: { $1 })
    }

    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
        guard case .meta(let meta) = try await link.request(.wait(id, timeout: timeout)) else { throw .unexpectedReply }
        return meta
    }

    func forget(_ ids: [String]) async throws(TransportError) { _ = try await link.request(.forget(ids)) }

    func removeExpired() async throws(TransportError) -> Int {
        throw TransportError(.unsupported, "a task in a pool's child cannot clean up \(location); the parent does")
    }

    func shutdown() async {}
}

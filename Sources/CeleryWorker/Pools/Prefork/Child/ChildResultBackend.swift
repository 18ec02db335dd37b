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
        guard case .count(let count) = try await link.request(.removeExpired) else { throw .unexpectedReply }
        return count
    }

    var chords: (any ChordStore)? { facts.countsChords ? ChildChords(link: link, location: location) : nil }

    func storeGroup(_ id: String, _ tuple: CeleryValue, expires: Duration?) async throws(TransportError) {
        _ = try await link.request(.storeGroup(id, tuple, expires: expires))
    }

    func fetchGroup(_ id: String) async throws(TransportError) -> CeleryValue? {
        guard case .group(let tuple) = try await link.request(.fetchGroup(id)) else { throw .unexpectedReply }
        return tuple
    }

    func forgetGroup(_ id: String) async throws(TransportError) { _ = try await link.request(.forgetGroup(id)) }

    func shutdown() async {}
}

/// A task may start chords; counting their parts is its worker's business.
private struct ChildChords: ChordStore {
    let link: ChildLink
    let location: String

    func start(_ chords: [ChordStart], timeout: Duration) async throws(TransportError) {
        _ = try await link.request(.startChords(chords, timeout: timeout))
    }

    func extend(
        _ groupID: String,
        by count: Int,
        as addition: String,
        timeout: Duration
    ) async throws(TransportError) {
        _ = try await link.request(.extendChord(groupID, by: count, addition: addition, timeout: timeout))
    }

    func count(_ parts: [ChordPart], timeout: Duration) async throws(TransportError) -> [ChordProgress] {
        throw TransportError(
            .unsupported,
            "the parts of chords at \(location) are counted by the worker, not by its children"
        )
    }

    func finish(_ claims: [ChordClaim], timeout: Duration) async throws(TransportError) {
        throw TransportError(.unsupported, "chords at \(location) are ended by the worker, not by its children")
    }
}

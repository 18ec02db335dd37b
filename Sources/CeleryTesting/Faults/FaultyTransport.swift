//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
public import CeleryWire

/// A transport that fails while an ``Outage`` lasts, and otherwise does what the wrapped one does.
public struct FaultyTransport: Transport {
    private let base: any Transport
    private let outage: Outage
    /// What events and control commands go through, with no outage of their own.
    public let broadcasts: (any BroadcastChannel)?

    public init(_ base: any Transport, outage: Outage, broadcasts: (any BroadcastChannel)? = nil) {
        self.base = base
        self.outage = outage
        self.broadcasts = broadcasts
    }

    public var capabilities: TransportCapabilities { base.capabilities }
    public var location: String { base.location }
    public var storeIdentity: StoreIdentity? { base.storeIdentity }
    public var revocations: (any RevocationStore)? { base.revocations }
    public var deadLetters: any DeadLetterStore { base.deadLetters }

    public func declare(_ topology: Topology) async throws(TransportError) {
        try outage.check("declare")
        try await base.declare(topology)
    }

    public func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError) {
        try outage.check("publish")
        try await base.publish(messages, timeout: timeout)
    }

    public func openConsumer(
        _ configuration: ConsumerConfiguration
    ) async throws(TransportError) -> any TransportConsumer {
        try outage.check("open")
        return FaultyConsumer(base: try await base.openConsumer(configuration), outage: outage)
    }

    public func purge(_ queues: [String]) async throws(TransportError) -> Int {
        try outage.check("purge")
        return try await base.purge(queues)
    }

    public func status(of queues: [String]) async throws(TransportError) -> [QueueStatus] {
        try outage.check("status")
        return try await base.status(of: queues)
    }

    public func bindings() async throws(TransportError) -> [Binding] {
        try outage.check("bindings")
        return try await base.bindings()
    }

    public func consumers() async throws(TransportError) -> [ConsumerPresence] {
        try outage.check("consumers")
        return try await base.consumers()
    }

    public func shutdown() async { await base.shutdown() }
}

private struct FaultyConsumer: TransportConsumer {
    let base: any TransportConsumer
    let outage: Outage

    func receive(upTo credit: Int) async throws(TransportError) -> [Delivery] {
        try await outage.checkReceipt()
        return try await base.receive(upTo: credit)
    }

    func untilReachable() async -> Bool { outage.isSaidToBeOver }

    func begin(_ marks: [BeginMark]) async throws(TransportError) {
        try outage.check("begin")
        try await base.begin(marks)
    }

    func settle(_ settlements: [Settlement]) async throws(TransportError) {
        try outage.check("settle")
        try await base.settle(settlements)
    }

    func end(_ chords: [ChordEnd]) async throws(TransportError) {
        try outage.check("end of chords")
        try await base.end(chords)
    }

    func consume(_ queues: [String]) async throws(TransportError) {
        try outage.check("consume")
        try await base.consume(queues)
    }

    func close() async throws(TransportError) {
        try outage.check("close")
        try await base.close()
    }
}

/// A result backend that fails while an ``Outage`` lasts.
///
/// It has no store identity: the worker stores through it, never within the broker's transaction.
public struct FaultyResultBackend: ResultBackend {
    private let base: any ResultBackend
    private let outage: Outage

    public init(_ base: any ResultBackend, outage: Outage) {
        self.base = base
        self.outage = outage
    }

    public var location: String { base.location }
    public var storeIdentity: StoreIdentity? { nil }

    public func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        try outage.check("store")
        try await base.store(results, timeout: timeout)
    }

    public func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        try outage.check("fetch")
        return try await base.fetch(ids, timeout: timeout)
    }

    public func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
        try await base.wait(for: id, timeout: timeout)
    }

    public func forget(_ ids: [String]) async throws(TransportError) {
        try outage.check("forget")
        try await base.forget(ids)
    }

    public func removeExpired() async throws(TransportError) -> Int {
        try outage.check("removeExpired")
        return try await base.removeExpired()
    }

    public var chords: (any ChordStore)? {
        base.chords.map { FaultyChordStore(base: $0, outage: outage) }
    }

    public func storeGroup(_ id: String, _ tuple: CeleryValue, expires: Duration?) async throws(TransportError) {
        try outage.check("storeGroup")
        try await base.storeGroup(id, tuple, expires: expires)
    }

    public func fetchGroup(_ id: String) async throws(TransportError) -> CeleryValue? {
        try outage.check("fetchGroup")
        return try await base.fetchGroup(id)
    }

    public func forgetGroup(_ id: String) async throws(TransportError) {
        try outage.check("forgetGroup")
        try await base.forgetGroup(id)
    }

    public func shutdown() async { await base.shutdown() }
}

private struct FaultyChordStore: ChordStore {
    let base: any ChordStore
    let outage: Outage

    func start(_ chords: [ChordStart], timeout: Duration) async throws(TransportError) {
        try outage.check("start of chords")
        try await base.start(chords, timeout: timeout)
    }

    func count(_ parts: [ChordPart], timeout: Duration) async throws(TransportError) -> [ChordProgress] {
        try outage.check("count of chords")
        return try await base.count(parts, timeout: timeout)
    }

    func finish(_ claims: [ChordClaim], timeout: Duration) async throws(TransportError) {
        try outage.check("finish of chords")
        try await base.finish(claims, timeout: timeout)
    }

    func extend(
        _ groupID: String,
        by count: Int,
        as addition: String,
        timeout: Duration
    ) async throws(TransportError) {
        try outage.check("extension of a chord")
        try await base.extend(groupID, by: count, as: addition, timeout: timeout)
    }

    func additions(
        to groupID: String,
        beginningWith prefix: String,
        timeout: Duration
    ) async throws(TransportError) -> [String] {
        try outage.check("additions of a chord")
        return try await base.additions(to: groupID, beginningWith: prefix, timeout: timeout)
    }
}

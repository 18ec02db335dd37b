//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// The parent's transport, as a task in a child sees it: it publishes and revokes; the rest is the parent's business.
struct ChildTransport: Transport {
    private let facts: ServiceFacts
    private let link: ChildLink

    init(facts: ServiceFacts, link: ChildLink) {
        self.facts = facts
        self.link = link
    }

    var capabilities: TransportCapabilities { facts.capabilities }
    var location: String { facts.brokerLocation }
    var storeIdentity: StoreIdentity? { facts.brokerIdentity }
    var revocations: (any RevocationStore)? { facts.keepsRevocations ? ChildRevocations(link: link) : nil }
    var broadcasts: (any BroadcastChannel)? { ChildBroadcasts(link: link, location: location) }
    var deadLetters: any DeadLetterStore { NoDeadLetters(location: location) }

    func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError) {
        _ = try await link.request(.publish(messages, timeout: timeout))
    }

    func declare(_ topology: Topology) async throws(TransportError) { throw refusal("declare") }

    func openConsumer(_ configuration: ConsumerConfiguration) async throws(TransportError) -> any TransportConsumer {
        throw refusal("consume")
    }

    func purge(_ queues: [String]) async throws(TransportError) -> Int { throw refusal("purge queues") }
    func status(of queues: [String]) async throws(TransportError) -> [QueueStatus] { throw refusal("look at queues") }
    func bindings() async throws(TransportError) -> [Binding] { throw refusal("look at bindings") }
    func consumers() async throws(TransportError) -> [ConsumerPresence] { throw refusal("look at consumers") }
    func shutdown() async {}

    private func refusal(_ what: String) -> TransportError {
        TransportError(.unsupported, "a task in a pool's child cannot \(what) on \(location); use a client's app")
    }
}

/// The parent's revocations.
struct ChildRevocations: RevocationStore {
    let link: ChildLink

    func revoke(_ revocations: [Revocation]) async throws(TransportError) {
        _ = try await link.request(.revoke(revocations))
    }

    func revoked(among ids: [String]) async throws(TransportError) -> Set<String> {
        guard case .ids(let ids) = try await link.request(.revokedAmong(ids)) else { throw .unexpectedReply }
        return ids
    }

    func revocations(after cursor: Int64) async throws(TransportError) -> (entries: [Revocation], cursor: Int64) {
        guard case .revocations(let entries, let cursor) = try await link.request(.revocationsAfter(cursor))
        else { throw .unexpectedReply }
        return (entries, cursor)
    }
}

/// Dead letters are not a task's to look after.
/// Events and commands that a task sends; it cannot wait for any.
private struct ChildBroadcasts: BroadcastChannel {
    let link: ChildLink
    let location: String

    func send(
        _ messages: [BroadcastMessage],
        kind: Exchange.Kind,
        timeout: Duration
    ) async throws(TransportError) {
        _ = try await link.request(.broadcast(messages, kind: kind, timeout: timeout))
    }

    func listen(
        to addresses: [BroadcastAddress],
        timeout: Duration
    ) async throws(TransportError) -> any BroadcastListener {
        throw TransportError(
            .unsupported,
            "a task in a pool's child cannot wait for events or replies on \(location); use a client's app"
        )
    }
}

private struct NoDeadLetters: DeadLetterStore {
    let location: String

    func list(_ selection: DeadLetterSelection, limit: Int) async throws(TransportError) -> [DeadLetter] {
        throw refusal
    }
    func replay(_ selection: DeadLetterSelection) async throws(TransportError) -> Int { throw refusal }
    func purge(_ selection: DeadLetterSelection) async throws(TransportError) -> Int { throw refusal }

    private var refusal: TransportError {
        TransportError(.unsupported, "a task in a pool's child cannot reach the dead letters of \(location)")
    }
}

extension TransportError {
    /// Our own bug, as an error.
    static var unexpectedReply: TransportError {
        TransportError(.unavailable, "the pool's parent answered something else than was asked; report this as a bug")
    }
}

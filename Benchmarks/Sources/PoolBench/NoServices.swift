//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// A broker for a pool whose tasks send nothing.
struct NoTransport: Transport {
    var capabilities: TransportCapabilities {
        TransportCapabilities(delayedDelivery: false, priorities: nil, fanout: false, shared: false)
    }
    var location: String { "none" }
    var storeIdentity: StoreIdentity? { nil }
    var revocations: (any RevocationStore)? { nil }
    var deadLetters: any DeadLetterStore { NoLetters() }

    func declare(_ topology: Topology) async throws(TransportError) {}
    func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError) {}
    func openConsumer(_ configuration: ConsumerConfiguration) async throws(TransportError) -> any TransportConsumer {
        throw TransportError(.unsupported, "none")
    }
    func purge(_ queues: [String]) async throws(TransportError) -> Int { 0 }
    func status(of queues: [String]) async throws(TransportError) -> [QueueStatus] { [] }
    func bindings() async throws(TransportError) -> [Binding] { [] }
    func consumers() async throws(TransportError) -> [ConsumerPresence] { [] }
    func shutdown() async {}
}

/// A result backend that keeps nothing.
struct NoBackend: ResultBackend {
    var location: String { "none" }
    var storeIdentity: StoreIdentity? { nil }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {}
    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] { [:] }
    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? { nil }
    func forget(_ ids: [String]) async throws(TransportError) {}
    func removeExpired() async throws(TransportError) -> Int { 0 }
    func shutdown() async {}
}

private struct NoLetters: DeadLetterStore {
    func list(_ selection: DeadLetterSelection, limit: Int) async throws(TransportError) -> [DeadLetter] { [] }
    func replay(_ selection: DeadLetterSelection) async throws(TransportError) -> Int { 0 }
    func purge(_ selection: DeadLetterSelection) async throws(TransportError) -> Int { 0 }
}

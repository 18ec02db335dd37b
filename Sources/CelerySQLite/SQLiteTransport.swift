//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import GRDB

/// A file as a broker.
struct SQLiteTransport: Transport {
    let store: SQLiteStore
    /// Of the app whose transport it is: others of the process may use the same store.
    let codec: WireCodec
    let consumersOpen = OpenConsumers<SQLiteConsumer>()

    /// Without a codec, that of who opened the store.
    init(store: SQLiteStore, codec: WireCodec? = nil) {
        self.store = store
        self.codec = codec ?? store.options.codec
    }

    var capabilities: TransportCapabilities {
        // As in RabbitMQ 9 is the most urgent; kombu's own virtual transports have it the other way round.
        TransportCapabilities(
            delayedDelivery: true,
            priorities: .highestFirst,
            fanout: true,
            shared: true,
            timesMessages: true
        )
    }
    var location: String { store.options.path }
    var storeIdentity: StoreIdentity? { store.files.identity }
    var revocations: (any RevocationStore)? { SQLiteRevocations(store: store) }
    var deadLetters: any DeadLetterStore { SQLiteDeadLetters(store: store) }
    var broadcasts: (any BroadcastChannel)? { SQLiteBroadcasts(store: store, limits: codec.limits) }
    var examiner: (any TransportExaminer)? { SQLiteExaminer(store: store) }

    func declare(_ topology: Topology) async throws(TransportError) {
        try await store.write { try $0.cache.declare(topology, in: $0) }
    }

    func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError) {
        guard !messages.isEmpty else { return }
        let encoded = messages.map { EncodedMessage($0) }
        try await store.write(timeout: timeout, isCancellable: true) { try $0.publish(encoded) }
    }

    func openConsumer(_ configuration: ConsumerConfiguration) async throws(TransportError) -> any TransportConsumer {
        let consumer = try await SQLiteConsumer.open(store, codec, configuration)
        consumersOpen.add(consumer)
        return consumer
    }

    func purge(_ queues: [String]) async throws(TransportError) -> Int {
        try await store.write { transaction in
            try queues.reduce(0) { try $0 + transaction.purge($1) }
        }
    }

    func status(of queues: [String]) async throws(TransportError) -> [QueueStatus] {
        try await store.read { try Inspection.status(of: queues, in: $0) }
    }

    func postponed(in queues: [String], limit: Int) async throws(TransportError) -> [PostponedMessage] {
        let limits = codec.limits
        let rows = try await store.read { try Inspection.postponed(in: queues, limit: limit, $0) }
        return rows.compactMap { row in
            guard let message = try? Envelope.decode(row.payload, limits: limits) else { return nil }
            return PostponedMessage(queue: row.queue, message: message, due: Timestamp(microseconds: row.due))
        }
    }

    func bindings() async throws(TransportError) -> [Binding] {
        try await store.read { try Inspection.bindings(in: $0) }
    }

    func consumers() async throws(TransportError) -> [ConsumerPresence] {
        let now = store.options.time.now.microseconds
        return try await store.read { try Inspection.consumers(in: $0, now: now) }
    }

    func shutdown() async {
        guard let consumers = consumersOpen.end() else { return }
        for consumer in consumers { try? await consumer.close() }
        await SQLiteStores.release(store)
    }
}
#endif

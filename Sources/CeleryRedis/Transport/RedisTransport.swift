//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import NIOCore

/// A Redis server as a broker, as kombu uses it, so that Python's workers and clients can be at the other end.
final class RedisTransport: Transport {
    let store: RedisStore
    private let consumersOpen = OpenConsumers<RedisConsumer>()

    init(_ context: PluginContext) throws(TransportError) { store = try RedisStore(context) }

    var capabilities: TransportCapabilities {
        TransportCapabilities(
            delayedDelivery: true,
            priorities: .zeroFirst,
            fanout: true,
            shared: true,
            timesMessages: true
        )
    }
    var location: String { store.configuration.location }
    var storeIdentity: StoreIdentity? { StoreIdentity(store.configuration.serverIdentity) }
    var revocations: (any RevocationStore)? { RedisRevocations(store: store) }
    var deadLetters: any DeadLetterStore { RedisDeadLetters(store: store) }
    var broadcasts: (any BroadcastChannel)? { RedisBroadcasts(store: store) }
    var examiner: (any TransportExaminer)? { RedisExaminer(store: store) }

    func declare(_ topology: Topology) async throws(TransportError) {
        try await store.router.declare(topology, until: store.client.deadline)
    }

    func declare(_ topology: Topology, timeout: Duration) async throws(TransportError) {
        try await store.router.declare(topology, until: .now() + TimeAmount(timeout))
    }

    func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError) {
        guard !messages.isEmpty else { return }
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        let publication = try await Publication(messages, store: store, until: deadline)
        var commands = RedisCommands(capacity: publication.size)
        publication.append(to: &commands, keys: store.keys)
        guard !commands.isEmpty else { return }
        var batch = commands
        if commands.count > 1 {
            batch = RedisCommands(capacity: commands.size + 64)
            batch.add("MULTI")
            batch.append(commands)
            batch.add("EXEC")
        }
        store.replicas?.append(to: &batch, timeout: .nanoseconds((deadline - .now()).nanoseconds))
        let replies = try await store.publisher.send(batch, until: deadline)
        CutPoint.published.reached()
        try store.replicas?.check(replies.last, at: location)
    }

    func openConsumer(_ configuration: ConsumerConfiguration) async throws(TransportError) -> any TransportConsumer {
        let consumer = try await RedisConsumer.open(store, configuration)
        consumersOpen.add(consumer)
        return consumer
    }

    func purge(_ queues: [String]) async throws(TransportError) -> Int {
        try await RedisInspection(store: store).purge(queues)
    }

    func status(of queues: [String]) async throws(TransportError) -> [QueueStatus] {
        try await RedisInspection(store: store).status(of: queues)
    }

    func postponed(in queues: [String], limit: Int) async throws(TransportError) -> [PostponedMessage] {
        try await RedisInspection(store: store).postponed(in: queues, limit: limit)
    }

    func bindings() async throws(TransportError) -> [Binding] { try await RedisInspection(store: store).bindings() }

    func consumers() async throws(TransportError) -> [ConsumerPresence] {
        try await RedisInspection(store: store).consumers()
    }

    func shutdown() async {
        guard let consumers = consumersOpen.end() else { return }
        for consumer in consumers { try? await consumer.close() }
        store.client.shutdown()
        store.publisher.shutdown()
    }
}
#endif

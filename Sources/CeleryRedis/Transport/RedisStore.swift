//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import Synchronization

/// What all parts of one transport share.
final class RedisStore: Sendable {
    let configuration: RedisConfiguration
    let keys: RedisKeys
    let codec: WireCodec
    let logger: Logger
    let time: any TimeSource
    /// After that, what a Python worker holds is taken for lost, as kombu has it.
    let visibilityTimeout: Duration
    let deadLetterRetention: Duration
    let deadLetterLimit: Int
    /// For everything but consuming.
    let client: RedisClient
    /// For publishing: a connection of its own where it waits for replicas, so that nothing else does.
    let publisher: RedisClient
    /// What publishing waits for; nil when for nothing.
    let replicas: ReplicaWait?
    let router: RedisRouter
    let queueOrder: QueueOrder

    init(_ context: PluginContext) throws(TransportError) {
        configuration = try RedisConfiguration(context)
        keys = try RedisKeys(context)
        codec = context.codec
        logger = context.logger
        time = context.time
        visibilityTimeout = try RedisConfiguration.seconds("visibility_timeout", context) ?? .seconds(3600)
        deadLetterRetention = context.deadLetterRetention
        deadLetterLimit = context.deadLetterLimit
        client = RedisClient(configuration, logger: context.logger)
        replicas = try ReplicaWait(context)
        publisher = replicas == nil ? client : RedisClient(configuration, logger: context.logger)
        let options = KombuOptions(context)
        queueOrder = try options.queueOrder()
        router = RedisRouter(
            client: client,
            keys: keys,
            database: configuration.database,
            channels: try options.channels(),
            time: context.time
        )
        for warning in UnusedOptions(context: context, use: .broker).warnings { context.logger.warning("\(warning)") }
    }

    private let hasRevocations = Atomic(true)

    /// False only when a consumer has been told of every revocation and there is none.
    var mayHaveRevocations: Bool { hasRevocations.load(ordering: .acquiring) }

    func sawRevocations(_ any: Bool) { hasRevocations.store(any, ordering: .releasing) }

    var now: Int64 { time.now.microseconds }
}

extension RedisKeys {
    /// Reads `global_keyprefix`, `sep`, `priority_steps`, `unacked_key` and `unacked_index_key` of the transport options.
    init(_ context: PluginContext) throws(TransportError) {
        self.init()
        let options = KombuOptions(context)
        prefix = try options.text("global_keyprefix") ?? prefix
        separator = try options.text("sep", isEmpty: false) ?? separator
        unackedName = try options.key("unacked_key") ?? unackedName
        unackedIndexName = try options.key("unacked_index_key") ?? unackedIndexName
        guard unackedName != unackedIndexName else {
            throw TransportError(
                .misconfigured,
                "unacked_key and unacked_index_key in the transport options are both \(unackedName): they must differ"
            )
        }
        guard let value = context.options["priority_steps"], value != .null else { return }
        var numbers: [Int] = []
        if case .array(let elements) = value {
            for case .int(let number) in elements where (0...9).contains(number) { numbers.append(number) }
            if numbers.count == elements.count, !numbers.isEmpty {
                steps = numbers.sorted()
                return
            }
        }
        throw TransportError(
            .misconfigured,
            "priority_steps in the transport options is \(value): it must be a list of numbers from 0 to 9"
        )
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryTesting
import CeleryWire
import Logging
import ServiceTestSupport
import Testing

@testable import CeleryRedis

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)")) struct RedisTransportConformanceTests {
    @Test(arguments: TransportCheck.all)
    func `keeps the transport contract`(_ check: TransportCheck) async throws {
        let place = try await RedisPlace()
        try await check.run(place.harness())
        await place.end()
    }
}

/// A corner of a server for one test.
struct RedisPlace {
    let transport: RedisTransport
    let backend: RedisResultBackend

    init() async throws {
        let context = PluginContext(
            url: try await BrokerURL(RedisServer.shared.url()),
            codec: WireCodec(),
            logger: Logger(label: "test"),
            options: ["global_keyprefix": .string(RedisServer.uniquePrefix())],
            deadLetterLimit: 20
        )
        transport = try RedisTransport(context)
        backend = try RedisResultBackend(context)
    }

    func harness() -> TransportHarness {
        TransportHarness(
            transport: transport,
            backend: backend,
            lease: .seconds(1),
            deadLetterLimit: 20,
            time: SystemTime(),
            // sleeps: the server keeps its own time, so the checks' time passes by passing.
            pass: { try await Task.sleep(for: $0) },
            abandon: { await ($0 as? RedisConsumer)?.abandon() },
            corrupt: { [store = transport.store] queue, bytes in
                var commands = RedisCommands()
                commands.add("LPUSH", store.keys.list(queue, priority: nil), bytes)
                _ = try await store.client.send(commands)
            }
        )
    }

    func end() async {
        await transport.shutdown()
        await backend.shutdown()
    }
}
#endif

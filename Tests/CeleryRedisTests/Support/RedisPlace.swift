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

@testable import CeleryRedis

/// A corner of a server for one test: a transport and a result backend behind a prefix of their own.
struct RedisPlace {
    let transport: RedisTransport
    let backend: RedisResultBackend
    let prefix: String

    /// - Parameters:
    ///   - url: The shared server's when nil.
    ///   - database: The number of the results' when it is another.
    init(
        _ url: String? = nil,
        alternates: [BrokerURL] = [],
        results database: Int? = nil,
        prefix: String? = nil,
        options: CeleryObject = [:],
        deadLetterLimit: Int = 20
    ) async throws {
        var options = options
        self.prefix = prefix ?? RedisServer.uniquePrefix()
        options["global_keyprefix"] = .string(self.prefix)
        let shared = url == nil ? try await RedisServer.shared.url() : ""
        let urls = try BrokerURL.list(url ?? shared) + alternates
        var context = PluginContext(
            url: urls[0],
            alternates: Array(urls.dropFirst()),
            codec: WireCodec(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            options: options,
            deadLetterLimit: deadLetterLimit
        )
        transport = try RedisTransport(context)
        if let database { context.url.path = "/\(database)" }
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

    func consumer(
        _ queue: String = "q",
        lease: Duration = .seconds(10),
        starts: AcknowledgementMode? = nil
    ) async throws -> any TransportConsumer {
        try await transport.openConsumer(
            ConsumerConfiguration(
                name: "tester",
                queues: [queue],
                lease: lease,
                renewal: lease / 4,
                results: backend,
                starts: starts
            )
        )
    }

    func message(_ id: String, to queue: String = "q", notBefore: Timestamp? = nil) -> OutgoingMessage {
        let headers = TaskHeaders(task: "tasks.add", id: id)
        let properties = MessageProperties(correlationID: id, routingKey: queue, priority: 0)
        return OutgoingMessage(
            Message(headers: headers, properties: properties, body: Array("[[], {}, {}]".utf8)),
            notBefore: notBefore
        )
    }

    func publish(_ ids: [String], to queue: String = "q") async throws {
        try await transport.publish(ids.map { message($0, to: queue) }, timeout: .seconds(5))
    }

    func ready(_ queue: String = "q") async throws -> Int {
        try await transport.status(of: [queue]).first?.ready ?? 0
    }

    func end() async {
        await transport.shutdown()
        await backend.shutdown()
    }
}

extension TransportConsumer {
    /// As a worker does: again when the server can be reached.
    func receiveWhenReachable(upTo credit: Int) async throws(TransportError) -> [Delivery] {
        while true {
            do {
                return try await receive(upTo: credit)
            } catch  where error.code == .unavailable {
                _ = await untilReachable()
            }
        }
    }
}

extension Delivery {
    var id: String {
        guard case .message(let message) = content else { return "malformed" }
        return message.headers.id
    }
}
#endif

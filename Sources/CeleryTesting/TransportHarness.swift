//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
import CeleryWire

/// A transport under test, with the powers over time and death that the checks need.
///
/// Make a new one for each check: an empty store, or one where ``prefix`` keeps its queues apart.
public struct TransportHarness: Sendable {
    public var transport: any Transport
    /// The result backend in the same store, where there is one.
    public var backend: (any ResultBackend)?
    /// Put before all names, to share a server with others.
    public var prefix: String
    /// The lease of the consumers that checks open.
    public var lease: Duration
    /// The limit on dead letters that the store was opened with; nil when it is too large to try.
    public var deadLetterLimit: Int?
    /// The store's time.
    public var time: any TimeSource
    /// Lets time go by: advances a manual clock, or sleeps.
    public var pass: @Sendable (Duration) async throws -> Void
    /// Makes a consumer silent for ever, as if its process had died; its calls still work until it is swept.
    public var abandon: @Sendable (any TransportConsumer) async throws -> Void
    /// Puts bytes that are no message on a queue; nil when the store cannot hold such.
    public var corrupt: (@Sendable (_ queue: String, _ bytes: [UInt8]) async throws -> Void)?

    public init(
        transport: any Transport,
        backend: (any ResultBackend)? = nil,
        prefix: String = "",
        lease: Duration,
        deadLetterLimit: Int? = nil,
        time: any TimeSource,
        pass: @escaping @Sendable (Duration) async throws -> Void,
        abandon: @escaping @Sendable (any TransportConsumer) async throws -> Void,
        corrupt: (@Sendable (_ queue: String, _ bytes: [UInt8]) async throws -> Void)? = nil
    ) {
        self.transport = transport
        self.backend = backend
        self.prefix = prefix
        self.lease = lease
        self.deadLetterLimit = deadLetterLimit
        self.time = time
        self.pass = pass
        self.abandon = abandon
        self.corrupt = corrupt
    }

    /// A memory store driven by a manual clock.
    public static func memory(deadLetterLimit: Int = 20) -> TransportHarness {
        let time = ManualTime()
        let store = MemoryStore(time: time, deadLetterLimit: deadLetterLimit)
        return TransportHarness(
            transport: store.transport,
            backend: store.backend,
            lease: .seconds(10),
            deadLetterLimit: deadLetterLimit,
            time: time,
            pass: { time.advance(by: $0) },
            abandon: { ($0 as? MemoryConsumer)?.abandon() }
        )
    }
}

// MARK: - What checks are made of

extension TransportHarness {
    func name(_ text: String) -> String { prefix + text }

    func message(
        _ id: String,
        queue: String,
        exchange: String = "",
        priority: Int? = 0,
        task: String = "tasks.add",
        notBefore: Timestamp? = nil
    ) -> OutgoingMessage {
        let message = Message(
            headers: TaskHeaders(task: task, id: id),
            properties: MessageProperties(
                correlationID: id,
                exchange: exchange.isEmpty ? "" : name(exchange),
                routingKey: name(queue),
                priority: priority
            ),
            body: Array("[[], {}, {}]".utf8)
        )
        return OutgoingMessage(message, notBefore: notBefore)
    }

    func publish(_ ids: [String], to queue: String = "q", exchange: String = "", priority: Int? = 0) async throws {
        let messages = ids.map { message($0, queue: queue, exchange: exchange, priority: priority) }
        try await transport.publish(messages, timeout: .seconds(5))
    }

    func consumer(_ queues: String..., named worker: String = "checker") async throws -> any TransportConsumer {
        try await transport.openConsumer(
            ConsumerConfiguration(
                name: worker,
                queues: queues.map(name),
                lease: lease,
                renewal: lease / 4,
                results: backend
            )
        )
    }

    /// Receives exactly so many, in as many calls as it takes.
    func take(
        _ count: Int,
        from consumer: any TransportConsumer,
        file: String = #fileID,
        line: Int = #line
    ) async throws -> [Delivery] {
        try await within(.seconds(30), "receiving \(count)", file: file, line: line) {
            var taken: [Delivery] = []
            while taken.count < count {
                let more = try await consumer.receive(upTo: count - taken.count)
                try require(!more.isEmpty, "receive returned nothing", file: file, line: line)
                taken += more
            }
            return taken
        }
    }

    func takeOne(
        from consumer: any TransportConsumer,
        file: String = #fileID,
        line: Int = #line
    ) async throws -> Delivery {
        try await take(1, from: consumer, file: file, line: line)[0]
    }

    func status(_ queue: String = "q") async throws -> QueueStatus {
        try await transport.status(of: [name(queue)]).first ?? QueueStatus(name: name(queue))
    }

    /// Silences a consumer and lets its lease run out.
    func kill(_ consumer: any TransportConsumer) async throws {
        try await abandon(consumer)
        try await pass(lease + .milliseconds(1))
    }

    /// Waits until a condition holds, looking again and again.
    func eventually(
        _ what: String,
        file: String = #fileID,
        line: Int = #line,
        _ condition: @escaping @Sendable () async throws -> Bool
    ) async throws {
        try await within(.seconds(30), what, file: file, line: line) {
            while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Expects a transport error of a kind.
    func expect(
        _ code: TransportError.Code,
        _ what: String,
        file: String = #fileID,
        line: Int = #line,
        _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as TransportError {
            return try requireEqual(error.code, code, "\(what): \(error)", file: file, line: line)
        }
        throw CheckFailure("\(what) should have thrown \(code)", file: file, line: line)
    }
}

extension Delivery {
    /// The task id; the bytes' length when malformed.
    var id: String {
        switch content {
        case .message(let message): message.headers.id
        case .malformed(let bytes, _): "malformed \(bytes.count)"
        }
    }

    var message: Message? {
        guard case .message(let message) = content else { return nil }
        return message
    }
}

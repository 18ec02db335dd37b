//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryTesting
import CeleryWire
import Logging
import Synchronization
import Testing

@testable import CeleryWorker

@Suite("Task events that wait", .timeLimit(.minutes(5)))
struct EventBufferTests {
    private let channel = GatedChannel()

    private func events() throws -> (WorkerEvents, CeleryApp) {
        let base = MemoryStore(name: "event buffer").transport
        let channel = channel
        var registry = PluginRegistry()
        registry.register(transport: "gated") { _ throws(TransportError) in
            FaultyTransport(base, outage: Outage(), broadcasts: channel)
        }
        registry.registerMemory()
        var settings = CelerySettings()
        (settings.brokerURL, settings.resultBackend) = ("gated://", "memory://")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let app = CeleryApp("test", registry: registry, settings: settings, logger: logger)
        let configuration = try WorkerConfiguration(app: app, options: WorkerOptions())
        return (WorkerEvents(app: app, configuration: configuration), app)
    }

    private func add(_ numbers: Range<Int>, to events: WorkerEvents) {
        for number in numbers {
            events.add(.received, Message(headers: TaskHeaders(task: "t", id: "\(number)"), body: []))
        }
    }

    /// Ids of the events that were sent, in order.
    private func sent(_ app: CeleryApp) throws -> [Int] {
        try channel.messages.flatMap { message -> [Int] in
            guard case .array(let values) = try app.codec.decodeValue(of: message) else { return [] }
            return values.compactMap { $0["uuid"]?.text.flatMap { Int($0) } }
        }
    }

    @Test("Those beyond the bound go, the oldest first, and what stays is sent once and in order")
    func bounded() async throws {
        let (events, app) = try events()
        channel.refuses = true
        add(0..<WorkerEvents.limit + 25, to: events)
        #expect(await events.flush() == false)
        #expect(events.dropped == 25)
        channel.refuses = false
        #expect(await events.flush() == true)
        #expect(try sent(app) == Array(25..<WorkerEvents.limit + 25))
        // All at once, in messages of a hundred.
        #expect(channel.messages.count == WorkerEvents.limit / 100)
    }

    @Test("Large ones are bounded by their bytes, and keep nothing of the messages that they are about")
    func boundedByBytes() async throws {
        let (events, app) = try events()
        channel.refuses = true
        let text = String(repeating: "x", count: 100_000)
        for number in 0..<300 {
            let message = Message(headers: TaskHeaders(task: "t", id: "\(number)"), body: Array(text.utf8))
            events.add(.failed(exception: text, traceback: nil), message)
        }
        #expect(await events.flush() == false)
        let kept = 300 - events.dropped
        #expect((150...WorkerEvents.byteLimit / 100_000).contains(kept))
        channel.refuses = false
        #expect(await events.flush() == true)
        #expect(try sent(app) == Array(300 - kept..<300))
        // No message is much larger than a megabyte.
        #expect(channel.messages.allSatisfy { $0.body.count < 1_300_000 })
    }

    @Test("Those that are refused for good hold up nothing: they are dropped and counted, and what comes later is sent")
    func refused() async throws {
        let (events, app) = try events()
        channel.refusal = TransportError(.misconfigured, "NOPERM")
        add(0..<250, to: events)
        #expect(await events.flush() == true)
        #expect(events.dropped == 250)
        channel.refusal = nil
        add(250..<260, to: events)
        #expect(await events.flush() == true)
        #expect(try sent(app) == Array(250..<260))
        #expect(events.dropped == 250)
    }

    @Test("A serializer that does not exist is found at the start")
    func unknownSerializer() throws {
        let app = TestApp.make { $0.eventSerializer = "pickle" }
        let error = #expect(throws: CeleryError.self) { try Worker(app) }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("event_serializer is \"pickle\"") == true)
    }

    /// While a message is on its way, more come than fit: what is dropped then is not taken for what was sent.
    @Test("Dropping while a message is on its way loses none of those that wait behind it", arguments: [40, 100, 250])
    func droppedMeanwhile(extra: Int) async throws {
        let (events, app) = try events()
        add(0..<100, to: events)
        channel.close()
        let total = WorkerEvents.limit + extra
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { await events.flush() }
            await channel.waitForSender()
            add(100..<total, to: events)
            channel.open()
            for try await isDone in group { #expect(isDone) }
        }
        // The first hundred were on their way: of what was dropped, they reached the broker.
        let lost = max(0, extra - 100)
        #expect(try sent(app) == Array(0..<100) + Array(100 + lost..<total))
        #expect(events.dropped == extra)
    }
}

/// Takes down what is sent, and holds it up while it is closed.
private final class GatedChannel: BroadcastChannel {
    private struct State {
        var messages: [BroadcastMessage] = []
        var refusal: TransportError?
        var gate: Doorway?
        let arrival = Doorway()
    }

    private let state = Mutex(State())

    var messages: [BroadcastMessage] { state.withLock { $0.messages } }

    var refusal: TransportError? {
        get { state.withLock { $0.refusal } }
        set { state.withLock { $0.refusal = newValue } }
    }

    /// For the moment.
    var refuses: Bool {
        get { refusal != nil }
        set { refusal = newValue ? TransportError(.unavailable, "the channel refuses") : nil }
    }

    func close() { state.withLock { $0.gate = Doorway() } }

    func open() {
        let gate = state.withLock { state in
            defer { state.gate = nil }
            return state.gate
        }
        gate?.open()
    }

    func waitForSender() async { await state.withLock { $0.arrival }.waitUntilOpen() }

    func send(
        _ messages: [BroadcastMessage],
        kind: Exchange.Kind,
        timeout: Duration
    ) async throws(TransportError) {
        let (gate, arrival) = state.withLock { ($0.gate, $0.arrival) }
        arrival.open()
        await gate?.waitUntilOpen()
        if let refusal { throw refusal }
        state.withLock { $0.messages += messages }
    }

    func listen(to addresses: [BroadcastAddress], timeout: Duration) async throws(TransportError)
        -> any BroadcastListener
    {
        throw TransportError(.unsupported, "sending only")
    }
}

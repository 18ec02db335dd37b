//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import DequeModule
import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a worker tells those who watch. Task events cost one look at ``isOn`` while they are off.
final class WorkerEvents: Sendable {
    /// So many task events wait while the broker is away, and so many bytes of them; the oldest go first.
    static let limit = 10_000
    static let byteLimit = 16 << 20
    /// So many go in one message, and about so many bytes.
    private static let batch = 100
    private static let batchBytes = 1 << 20

    private struct State {
        /// As they will be sent: what they are about may be large.
        var waiting: Deque<[UInt8]> = []
        var bytes = 0
        var dropped = 0
        /// Of those, the ones that went first of all that waited.
        var overflowed = 0
        /// Whether sending has failed since it last went well.
        var isAway = false
        /// Whether the fleet has been told that this worker is there.
        var isOnline = false

        mutating func add(_ event: [UInt8]) {
            waiting.append(event)
            bytes += event.count
            while waiting.count > WorkerEvents.limit || bytes > WorkerEvents.byteLimit {
                bytes -= waiting.removeFirst().count
                overflowed += 1
                dropped += 1
            }
        }

        /// What goes in the next message.
        var next: [[UInt8]] {
            var size = 0
            return Array(
                waiting.prefix(WorkerEvents.batch)
                    .prefix { event in
                        defer { size += event.count }
                        return size < WorkerEvents.batchBytes
                    }
            )
        }

        /// Those are done with, but for what has overflowed meanwhile: that were the first of them.
        mutating func remove(_ count: Int, since before: Int) -> Int {
            let left = min(max(0, count - (overflowed - before)), waiting.count)
            for event in waiting.prefix(left) { bytes -= event.count }
            waiting.removeFirst(left)
            return left
        }
    }

    /// Whether task events are sent.
    let isOn: Atomic<Bool>
    /// Whether events of the worker itself are sent.
    let heartbeat: Duration?
    private let app: CeleryApp
    private let hostname: String
    private let writer: EventWriter
    private let state = Mutex(State())
    /// The worker's own events go one after the other: those who watch see their clocks rise.
    private let turn = Turnstile()
    let bell = Doorbell()

    init(app: CeleryApp, configuration: WorkerConfiguration) {
        self.app = app
        hostname = configuration.hostname
        heartbeat = configuration.heartbeat
        isOn = Atomic(configuration.taskEvents)
        writer = EventWriter(hostname: hostname, pid: Int(getpid()), utcOffset: Host.utcOffset)
    }

    /// Keeps a task event to be sent; for callers that have looked whether they are on.
    func add(_ kind: TaskEvent.Kind, _ message: Message) {
        guard app.registeredTask(message.headers.task)?.options.sendEvents != false else { return }
        let event = writer.object(TaskEvent(kind, message, clock: app.clock.forward(), time: .now))
        state.withLock { $0.add(event) }
        bell.ring()
    }

    /// Task events that were lost because they could not be sent, or not in time.
    var dropped: Int { state.withLock { $0.dropped } }

    /// What has become of a message.
    private enum Sending {
        case sent, away, refused
    }

    /// Sends what waits; what cannot be sent for the moment stays, and what never can be is dropped. False when the broker is away.
    func flush(timeout: Duration? = nil) async -> Bool {
        while true {
            // In one look: what is dropped between two would be taken for sent, and others with it.
            let (events, before) = state.withLock { ($0.next, $0.overflowed) }
            guard !events.isEmpty else { return true }
            let body = EventWriter.list(events)
            let sending = await send(routingKey: FleetNames.taskBatch, body: body, timeout: timeout)
            guard sending != .away else { return false }
            state.withLock { state in
                let count = state.remove(events.count, since: before)
                if sending == .refused { state.dropped += count }
            }
        }
    }

    /// Sends an event of the worker itself. False when the broker is away.
    @discardableResult
    func send(_ type: String, _ fields: CeleryObject, timeout: Duration? = nil) async -> Bool {
        await turn.inTurn { await sendInTurn(type, fields, timeout: timeout) }
    }

    /// Whether the fleet knows that a worker is there.
    enum Presence: Sendable {
        case known, toldNow, untold
    }

    /// Tells the fleet that the worker is there, if it does not know yet: after an outage it comes online anew, as
    /// Python's workers do. A worker without heartbeats does not tell, and beats only by command.
    func comeOnline(_ status: @Sendable (Duration) -> CeleryObject) async -> Presence {
        guard let heartbeat else { return .known }
        return await turn.inTurn {
            guard !state.withLock({ $0.isOnline }) else { return .known }
            let isOnline = await sendInTurn("worker-online", status(heartbeat), timeout: nil)
            state.withLock { $0.isOnline = isOnline }
            return isOnline ? .toldNow : .untold
        }
    }

    private func sendInTurn(_ type: String, _ fields: CeleryObject, timeout: Duration?) async -> Bool {
        let body = writer.object(type, fields, clock: app.clock.forward(), time: .now)
        return await send(routingKey: FleetNames.routingKey(ofEvent: type), body: body, timeout: timeout) == .sent
    }

    private func send(routingKey: String, body: [UInt8], timeout: Duration?) async -> Sending {
        let settings = app.configuration.settings
        var message = BroadcastMessage(
            exchange: settings.eventExchange,
            routingKey: routingKey,
            headers: ["hostname": .string(hostname)],
            body: body
        )
        do {
            try message.translate(to: settings.eventSerializer, app.codec)
            try await app.broadcastChannel().send([message], kind: .topic, timeout: timeout ?? settings.brokerTimeout)
            state.withLock { $0.isAway = false }
            return .sent
        } catch {
            let isForGood = !Task.isCancelled && Self.isForGood(error)
            let isFirst = state.withLock { state in
                defer { (state.isAway, state.isOnline) = (true, false) }
                return !state.isAway
            }
            if isFirst {
                let fate = isForGood ? "are refused, and dropped" : "cannot be sent for the moment"
                app.logger.warning("events \(fate): \(error)")
            }
            return isForGood ? .refused : .away
        }
    }

    /// Whether the same message would be refused again.
    private static func isForGood(_ error: any Error) -> Bool {
        switch error {
        case is WireError: true
        case let error as TransportError: !error.isTransient && error.code != .closed
        case let error as CeleryError: error.code == .misconfigured
        default: false
        }
    }
}

extension BroadcastMessage {
    /// Puts a JSON body into another serializer, when that is asked for.
    mutating func translate(to serializer: String, _ codec: WireCodec) throws(WireError) {
        guard serializer != "json" else { return }
        let value = try JSONSerializer().decodeValue(body, limits: codec.limits)
        try codec.encode(value, into: &self, serializer: serializer)
    }
}

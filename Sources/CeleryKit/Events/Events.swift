//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
public import CeleryWire
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Tells the fleet's watchers, and hears what is told.
public struct Events: Sendable {
    let app: CeleryApp

    /// Sends an event of the app's own, at once. Nobody listening is no error.
    ///
    /// - Parameters:
    ///   - type: Words joined by `-`: `order-shipped`. Watchers choose by them.
    ///   - fields: What it tells, besides who tells it and when.
    /// - Throws: ``CeleryError`` `.brokerUnavailable`, `.encoding`.
    public func send(_ type: String, _ fields: CeleryObject = [:]) async throws {
        try await send(type, fields, from: app.configuration.origin)
    }

    /// - Parameter hostname: Who tells it.
    fileprivate func send(_ type: String, _ fields: CeleryObject, from hostname: String) async throws {
        let settings = app.configuration.settings
        var message = message(type, fields, from: hostname)
        do throws(WireError) {
            if settings.eventSerializer != "json" {
                let value = try JSONSerializer().decodeValue(message.body, limits: app.codec.limits)
                try app.codec.encode(value, into: &message, serializer: settings.eventSerializer)
            }
        } catch {
            throw CeleryError(.encoding, "event \(type): \(error.message)", cause: error)
        }
        do {
            try await app.broadcastChannel().send([message], kind: .topic, timeout: settings.brokerTimeout)
        } catch let error as TransportError {
            throw SendingErrors.broker(error)
        }
    }

    private func message(_ type: String, _ fields: CeleryObject, from hostname: String) -> BroadcastMessage {
        let writer = EventWriter(hostname: hostname, pid: Int(getpid()), utcOffset: Host.utcOffset)
        return BroadcastMessage(
            exchange: app.configuration.settings.eventExchange,
            routingKey: FleetNames.routingKey(ofEvent: type),
            headers: ["hostname": .string(hostname)],
            body: writer.object(type, fields, clock: app.clock.forward(), time: .now)
        )
    }

    /// `task-sent` for each of the messages (`task_send_sent_event`). The tasks are sent: that watchers do not hear of it harms
    /// nothing.
    func sent(_ outgoing: [OutgoingMessage]) async {
        for message in outgoing.map(\.message) {
            do {
                try await send("task-sent", sentFields(message))
            } catch {
                app.logger.debug("task-sent could not be told: \(error)")
            }
        }
    }

    func sentFields(_ message: Message) -> CeleryObject {
        let (headers, properties) = (message.headers, message.properties)
        func text(_ value: String?) -> CeleryValue { value.map { .string($0) } ?? .null }
        return [
            "uuid": .string(headers.id), "root_id": text(headers.rootID), "parent_id": text(headers.parentID),
            "name": .string(headers.task), "args": text(headers.argsRepr), "kwargs": text(headers.kwargsRepr),
            "retries": .int(headers.retries), "eta": text(headers.eta), "expires": text(headers.expires),
            "queue": text(queue(of: properties)), "exchange": .string(properties.exchange),
            "routing_key": .string(properties.routingKey),
        ]
    }

    /// Its name; nil where only exchange and routing key were named, and none of the app's queues is bound so.
    private func queue(of properties: MessageProperties) -> String? {
        guard !properties.exchange.isEmpty else { return properties.routingKey }
        return app.configuration.settings.taskQueues
            .first { $0.exchange.name == properties.exchange && $0.routingKey == properties.routingKey }?
            .name
    }

    /// Listens to events from when this returns, until the stream is let go of.
    ///
    /// - Parameters:
    ///   - pattern: Of routing keys, which are types with dots: `#` for all, `task.#`, `worker.*`. Workers send their task events
    ///     together under `task.multi`, so ask for `task.#` and choose by ``CeleryEvent/type``.
    ///   - wakesUp: Whether workers are asked for a heartbeat, so that they are known at once.
    /// - Throws: ``CeleryError`` `.brokerUnavailable`.
    public func receive(_ pattern: String = "#", wakesUp: Bool = true) async throws -> EventStream {
        let settings = app.configuration.settings
        do {
            let channel = try await app.broadcastChannel()
            let address = BroadcastAddress(
                Exchange(settings.eventExchange, .topic),
                routingKey: pattern,
                queue: "\(settings.eventQueuePrefix).\(TaskID.random())"
            )
            let listener = try await channel.listen(to: [address], timeout: settings.brokerTimeout)
            do {
                if wakesUp { try await app.control.heartbeat() }
            } catch {
                await listener.close()
                throw error
            }
            return EventStream(app: app, listener: listener)
        } catch let error as TransportError {
            throw SendingErrors.broker(error)
        }
    }
}

extension CeleryApp {
    /// Events: sending, receiving, watching.
    public var events: Events { Events(app: self) }
}

extension TaskContext {
    /// Sends an event about this task in its worker's name: `task-progress` with whatever fields; its id is among them as `uuid`.
    ///
    /// - Throws: ``CeleryError`` `.brokerUnavailable`, `.encoding`.
    public func sendEvent(_ type: String, _ fields: CeleryObject = [:]) async throws {
        var all: CeleryObject = ["uuid": .string(id)]
        for (name, value) in fields.members { all[name] = value }
        try await app.events.send(type, all, from: hostname ?? app.configuration.origin)
    }
}

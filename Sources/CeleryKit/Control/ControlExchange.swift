//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Logging

/// The client's side of remote control: commands out, replies in, matched by ticket.
struct ControlExchange {
    let app: CeleryApp

    func broadcast(_ command: String, _ arguments: CeleryObject, _ options: ControlOptions) async throws {
        do {
            try await send(Self.message(command, arguments, options), over: app.broadcastChannel(), expires: nil)
        } catch let error as TransportError {
            throw SendingErrors.broker(error)
        }
    }

    func request(
        _ command: String,
        _ arguments: CeleryObject,
        _ options: ControlOptions,
        onReply: (@Sendable (ControlReply) -> Void)?
    ) async throws -> [ControlReply] {
        do {
            let channel = try await app.broadcastChannel()
            let settings = app.configuration.settings
            let exchange = FleetNames.replyExchange(settings.controlExchange)
            let id = TaskID.random()
            let address = BroadcastAddress(Exchange(exchange), routingKey: id, queue: "\(id).\(exchange)")
            let mailbox = try await channel.listen(to: [address], timeout: settings.brokerTimeout)
            do {
                var request = Self.message(command, arguments, options)
                request.ticket = TaskID.random()
                request.replyTo = .init(exchange: exchange, routingKey: id)
                try await send(request, over: channel, expires: options.timeout)
                let replies = try await collect(from: mailbox, ticket: request.ticket ?? "", options, onReply)
                await mailbox.close()
                return replies
            } catch {
                await mailbox.close()
                throw error
            }
        } catch let error as TransportError {
            throw SendingErrors.broker(error)
        }
    }

    private static func message(
        _ command: String,
        _ arguments: CeleryObject,
        _ options: ControlOptions
    ) -> ControlRequest {
        ControlRequest(
            command,
            arguments: arguments,
            destination: options.destination,
            pattern: options.pattern?.text,
            matcher: options.pattern?.matcher
        )
    }

    private func send(
        _ request: ControlRequest,
        over channel: any BroadcastChannel,
        expires: Duration?
    ) async throws {
        let settings = app.configuration.settings
        var message = BroadcastMessage(
            exchange: FleetNames.controlExchange(settings.controlExchange),
            routingKey: "",
            headers: ["clock": .int(app.clock.forward())],
            deliveryMode: 2,
            body: []
        )
        message.headers["expires"] =
            expires.map { .double(Timestamp.now.advanced(by: $0).unixSeconds) } ?? .int(0)
        do {
            try app.codec.encode(request.value, into: &message, serializer: settings.taskSerializer)
        } catch {
            throw CeleryError(.encoding, "control command \(request.method): \(error.message)", cause: error)
        }
        try await channel.send([message], kind: .fanout, timeout: settings.brokerTimeout)
    }

    private func collect(
        from mailbox: any BroadcastListener,
        ticket: String,
        _ options: ControlOptions,
        _ onReply: (@Sendable (ControlReply) -> Void)?
    ) async throws -> [ControlReply] {
        let deadline = ContinuousClock.now + options.timeout
        let limit = options.limit ?? options.destination.map(\.count).flatMap { $0 > 0 ? $0 : nil } ?? .max
        var replies: [ControlReply] = []
        while replies.count < limit {
            let left = deadline - .now
            guard left > .zero else { break }
            for heard in try await mailbox.receive(timeout: left) {
                guard case .success(let message) = heard, message.headers["ticket"]?.text == ticket else { continue }
                if let clock = message.headers["clock"]?.whole { app.clock.adjust(clock) }
                guard case .object(let object)? = try? app.codec.decodeValue(of: message) else { continue }
                for (hostname, value) in object.members where replies.count < limit {
                    let reply = ControlReply(hostname: hostname, value: value)
                    if replies.contains(where: { $0.hostname == hostname }) { warn(of: hostname) }
                    replies.append(reply)
                    onReply?(reply)
                }
            }
            try Task.checkCancellation()
        }
        return replies
    }

    private func warn(of hostname: String) {
        app.logger.warning(
            "two workers answer to the name \(hostname): give each its own with -n",
            metadata: ["celery.worker": "\(hostname)"]
        )
    }
}

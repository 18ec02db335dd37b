//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Logging
import Synchronization

/// A worker's ear for control commands: hears them, has them carried out, and answers.
///
/// It is a task of its own beside consuming, so neither waits for the other. Built-in commands are done in the order in which they
/// came. Those of the app run beside them, sixteen at a time at most, and so do those that read what waits at the broker; the store is
/// told of revocations beside them too.
///
/// Source: `kombu/pidbox.py`, `celery/worker/pidbox.py`.
struct ControlNode {
    private static let ownLimit = 16
    private static let patience: Duration = .seconds(30)
    private let pipeline: WorkerPipeline
    private let panel: ControlPanel
    private let teller = RevocationTeller()

    init(_ pipeline: WorkerPipeline) {
        self.pipeline = pipeline
        panel = ControlPanel(pipeline)
    }

    private var app: CeleryApp { pipeline.app }
    private var hostname: String { pipeline.configuration.hostname }

    /// Runs until cancelled.
    func run() async {
        defer { pipeline.controlBell.ring() }
        guard pipeline.configuration.hasRemoteControl, let channel = pipeline.transport.broadcasts else { return }
        let exchange = FleetNames.controlExchange(app.settings.controlExchange)
        let address = BroadcastAddress(
            Exchange(exchange, .fanout),
            queue: "\(hostname).\(exchange)"
        )
        await withDiscardingTaskGroup { group in
            group.addTask {
                await teller.run(broker: { await panel.tellBroker($0) }, results: { await panel.tellResults($0) })
            }
            await listen(to: address, channel)
        }
        await teller.end { await panel.tellBroker($0) }
    }

    private func listen(to address: BroadcastAddress, _ channel: any BroadcastChannel) async {
        var attempts = 0
        while !Task.isCancelled {
            do {
                let ear = try await channel.listen(to: [address], timeout: app.settings.brokerTimeout)
                attempts = 0
                pipeline.controlBell.ring()
                do {
                    try await listen(ear, channel)
                } catch {
                    await ear.close()
                    throw error
                }
                await ear.close()
            } catch {
                pipeline.controlBell.ring()
                attempts += 1
                if attempts == 1 { app.logger.warning("remote control is away for the moment: \(error)") }
                try? await Task.sleep(for: .milliseconds(min(30_000, 250 << min(attempts, 7))))
            }
        }
    }

    private func listen(_ ear: any BroadcastListener, _ channel: any BroadcastChannel) async throws(TransportError) {
        let result = await withDiscardingTaskGroup { group -> Result<Void, TransportError> in
            let running = Running()
            while !Task.isCancelled {
                do throws(TransportError) {
                    for heard in try await ear.receive(timeout: Self.patience) {
                        guard let (request, clock) = read(heard) else { continue }
                        app.clock.adjust(clock)
                        guard isMeant(request) else { continue }
                        let isOwn = app.controlHandler(request.method) != nil
                        guard isOwn || ControlPanel.readsBroker.contains(request.method) else {
                            // Nothing is to be untold when the worker goes.
                            if request.method == "shutdown" { await teller.finish() }
                            await carryOut(request, channel)
                            continue
                        }
                        guard running.begin(limit: Self.ownLimit) else {
                            let text =
                                "\(Self.ownLimit) commands that may take long are being carried out; try again later"
                            await answer(request, ["error": .string(text)], channel)
                            continue
                        }
                        group.addTask {
                            await carryOut(request, channel)
                            running.end()
                        }
                    }
                } catch {
                    group.cancelAll()
                    return .failure(error)
                }
            }
            group.cancelAll()
            return .success(())
        }
        try result.get()
    }

    /// How many commands are under way beside the others.
    private final class Running: Sendable {
        private let count = Mutex(0)

        func begin(limit: Int) -> Bool {
            count.withLock { count in
                guard count < limit else { return false }
                count += 1
                return true
            }
        }

        func end() { count.withLock { $0 -= 1 } }
    }

    /// Nil for what is no command, which is logged. One whose header `expires` has passed counts, as with Python's workers: clocks
    /// differ from machine to machine, and nothing here keeps commands for long.
    private func read(_ heard: HeardBroadcast) -> (ControlRequest, clock: Int)? {
        do throws(WireError) {
            let message = try heard.get()
            return (try ControlRequest(app.codec.decodeValue(of: message)), message.headers["clock"]?.whole ?? 0)
        } catch {
            app.logger.error("a control command was dropped: \(error)")
            return nil
        }
    }

    private func isMeant(_ request: ControlRequest) -> Bool {
        if let destination = request.destination, !destination.isEmpty { return destination.contains(hostname) }
        guard let pattern = request.pattern, let matcher = request.matcher, !pattern.isEmpty, !matcher.isEmpty else {
            return true
        }
        do {
            return try NodePattern.matches(hostname, pattern, matcher: matcher)
        } catch {
            app.logger.error("control command \(request.method) was dropped: pattern \"\(pattern)\": \(error)")
            return false
        }
    }

    private func carryOut(_ request: ControlRequest, _ channel: any BroadcastChannel) async {
        let outcome = await panel.carryOut(request)
        guard let untold = outcome.untold else {
            if let reply = outcome.reply { await answer(request, reply, channel) }
            return
        }
        // Who is answered may rely on the store, as ever.
        await teller.add(untold) {
            if let reply = outcome.reply { await answer(request, reply, channel) }
        }
    }

    private func answer(_ request: ControlRequest, _ value: CeleryValue, _ channel: any BroadcastChannel) async {
        guard let address = request.replyTo else { return }
        var headers = CeleryObject()
        headers["ticket"] = request.ticket.map { .string($0) } ?? .null
        headers["clock"] = .int(app.clock.forward())
        var message = BroadcastMessage(
            exchange: address.exchange,
            routingKey: address.routingKey,
            headers: headers,
            body: []
        )
        do {
            let settings = app.settings
            let body: CeleryValue = .object([hostname: value])
            try app.codec.encode(body, into: &message, serializer: settings.taskSerializer)
            try await channel.send([message], kind: .direct, timeout: settings.brokerTimeout)
        } catch {
            app.logger.error("control command \(request.method) could not be answered: \(error)")
        }
    }
}

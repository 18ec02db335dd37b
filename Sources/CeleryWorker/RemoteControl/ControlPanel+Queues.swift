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

extension ControlPanel {
    /// A configured queue by its name, or a new one; kept when the worker connects anew.
    func addConsumer(_ arguments: ControlArguments) async throws -> CeleryValue {
        let name = try arguments.text("queue")
        guard !name.isEmpty else { throw ControlRefusal("ValueError", "a queue has a name") }
        if !pipeline.queues.names.contains(name) {
            let queue = try queue(name, arguments)
            try await pipeline.transport.declare(Topology([queue]))
            pipeline.queues.add(queue)
            try await consume()
            logger.info("Started consuming from \(name)")
        }
        return ["ok": .string("add consumer \(name)")]
    }

    private func queue(_ name: String, _ arguments: ControlArguments) throws -> Queue {
        if let configured = app.settings.taskQueues.first(where: { $0.name == name }) { return configured }
        let exchange = arguments["exchange"].text.flatMap { $0.isEmpty ? nil : $0 } ?? name
        let kind = arguments["exchange_type"].text.flatMap { $0.isEmpty ? nil : $0 } ?? "direct"
        guard ["direct", "topic", "fanout"].contains(kind) else {
            throw ControlRefusal("ValueError", "there is no exchange type \(kind); there are: direct, topic, fanout")
        }
        let key = arguments["routing_key"].text.flatMap { $0.isEmpty ? nil : $0 } ?? name
        return Queue(name, exchange: Exchange(exchange, Exchange.Kind(rawValue: kind)), routingKey: key)
    }

    func cancelConsumer(_ arguments: ControlArguments) async throws -> CeleryValue {
        let name = try arguments.text("queue")
        if pipeline.queues.remove(name) {
            try await consume()
            logger.info("Canceling queue \(name)")
        }
        return ["ok": .string("no longer consuming from \(name)")]
    }

    /// Tells the consumer of now; the next one is opened with them.
    private func consume() async throws(TransportError) {
        guard let epoch = pipeline.state.withLock({ $0.epoch }) else { return }
        do throws(TransportError) {
            try await epoch.consumer.consume(pipeline.queues.names)
        } catch {
            // A lost one is being replaced by one with these queues.
            guard error.code == .epochLost || error.code == .closed else { throw error }
        }
    }
}

/// The queues that a worker takes from now.
final class ConsumedQueues: Sendable {
    private let queues: Mutex<[Queue]>

    init(_ queues: [Queue]) { self.queues = Mutex(queues) }

    var all: [Queue] { queues.withLock { $0 } }
    var names: [String] { queues.withLock { $0.map(\.name) } }

    func add(_ queue: Queue) {
        queues.withLock { queues in
            if !queues.contains(where: { $0.name == queue.name }) { queues.append(queue) }
        }
    }

    /// False when it was not among them.
    func remove(_ name: String) -> Bool {
        queues.withLock { queues in
            let before = queues.count
            queues.removeAll { $0.name == name }
            return queues.count < before
        }
    }
}

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
        var queues = pipeline.queues.all
        let isNew = !queues.contains { $0.name == name }
        if isNew {
            let queue = try queue(name, arguments)
            try await pipeline.transport.declare(Topology([queue]))
            queues.append(queue)
        }
        try await consume(queues)
        if isNew { logger.info("Started consuming from \(name)") }
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
        return Queue(
            name,
            exchange: Exchange(exchange, Exchange.Kind(rawValue: kind)),
            routingKey: key,
            arguments: try queueArguments(arguments)
        )
    }

    /// What a queue in the sender's hands may say besides: its arguments, and kombu's names for some of them. What has no meaning here,
    /// as `durable`, is ignored.
    private func queueArguments(_ arguments: ControlArguments) throws -> CeleryObject {
        var all = CeleryObject()
        switch arguments["queue_arguments"] {
        case .null: break
        case .object(let given): all = given
        case let other:
            throw ControlRefusal("TypeError", "queue_arguments is \(PythonRepr.describe(other)), no object")
        }
        // In kombu some are given in seconds, and sent in milliseconds.
        for (name, argument, scale) in [
            ("expires", "x-expires", 1000.0), ("message_ttl", "x-message-ttl", 1000), ("max_length", "x-max-length", 1),
            ("max_length_bytes", "x-max-length-bytes", 1), ("max_priority", "x-max-priority", 1),
        ] {
            guard arguments[name] != .null else { continue }
            guard let number = arguments[name].number, (0...1e12).contains(number) else {
                throw ControlRefusal("ValueError", "\(name) is \(PythonRepr.describe(arguments[name]))")
            }
            all[argument] = .int(Int(number * scale))
        }
        return all
    }

    func cancelConsumer(_ arguments: ControlArguments) async throws -> CeleryValue {
        let name = try arguments.text("queue")
        var queues = pipeline.queues.all
        let count = queues.count
        queues.removeAll { $0.name == name }
        try await consume(queues)
        if queues.count < count { logger.info("Canceling queue \(name)") }
        return ["ok": .string("no longer consuming from \(name)")]
    }

    /// Tells the consumer of now; the next one is opened with them. Also when they are the same as before: what a call that failed
    /// came to, nobody knows, and the next one makes it sure.
    ///
    /// - Throws: What the consumer throws. The queues are those of before then, so that the command can be repeated.
    private func consume(_ queues: [Queue]) async throws(TransportError) {
        let before = pipeline.queues.replace(with: queues)
        guard let epoch = pipeline.state.withLock({ $0.epoch }) else { return }
        do throws(TransportError) {
            try await epoch.consumer.consume(queues.map(\.name))
        } catch {
            // A lost one is being replaced by one with these queues.
            guard error.code != .epochLost, error.code != .closed else { return }
            pipeline.queues.replace(with: before)
            throw error
        }
    }
}

/// The queues that a worker takes from now. Only control commands change them, one after the other.
final class ConsumedQueues: Sendable {
    private let queues: Mutex<[Queue]>

    init(_ queues: [Queue]) { self.queues = Mutex(queues) }

    var all: [Queue] { queues.withLock { $0 } }
    var names: [String] { queues.withLock { $0.map(\.name) } }

    /// Returns those of before.
    @discardableResult
    func replace(with new: [Queue]) -> [Queue] {
        queues.withLock { queues in
            defer { queues = new }
            return queues
        }
    }
}

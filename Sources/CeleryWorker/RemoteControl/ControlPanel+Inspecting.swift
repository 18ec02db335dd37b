//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization

extension ControlPanel {
    /// More tasks are not listed.
    static let listLimit = 10_000
    /// More of those that wait for their time are not listed: each worker of a queue lists the same.
    static let postponedLimit = 1000
    /// Commands that may take long, since they read what waits at the broker.
    static let readsBroker: Set<String> = ["scheduled", "dump_schedule", "query_task"]

    func active(safe: Bool) -> CeleryValue {
        let running = pipeline.state.withLock { $0.running.values.filter { $0.pid != 0 } }
        return .array(running.map { describe($0, safe: safe).value })
    }

    /// Tasks that wait here: for a slot, or in the pool.
    func reserved() -> CeleryValue {
        .array(waiting().prefix(Self.listLimit).map { describe($0).value })
    }

    private func waiting() -> [AdmittedTask] {
        pipeline.state.withLock { state in
            state.running.values.filter { $0.pid == 0 }.map(\.task) + state.ready.map(\.task)
        }
    }

    /// What waits for its time lies with the broker, where every worker of the queue can take it: each shows it.
    /// Those that come first.
    func scheduled() async throws -> CeleryValue {
        let messages = try await postponed(Self.postponedLimit)
        return .array(
            messages.map { message in
                let eta = message.message.headers.eta ?? message.due.iso8601
                return ScheduledTask(eta: eta, task: describe(message.message)).value
            }
        )
    }

    private func postponed(_ limit: Int) async throws -> [PostponedMessage] {
        try await pipeline.transport.postponed(in: pipeline.queues.names, limit: limit)
    }

    func queryTask(_ ids: [String]) async throws -> CeleryValue {
        let wanted = Set(ids)
        var found = CeleryObject()
        func note(_ state: String, _ task: TaskInfo) { found[task.id] = [.string(state), task.value] }
        let (running, ready) = pipeline.state.withLock { state in
            (
                state.running.values.filter { wanted.contains($0.task.request.message.headers.id) },
                state.ready.map(\.task).filter { wanted.contains($0.request.message.headers.id) }
            )
        }
        for task in ready { note("reserved", describe(task)) }
        for task in running { note(task.pid == 0 ? "reserved" : "active", describe(task, safe: false)) }
        if found.count < wanted.count {
            for message in try await postponed(Self.listLimit).map(\.message)
            where wanted.contains(message.headers.id) && found[message.headers.id] == nil {
                note("scheduled", describe(message))
            }
        }
        return .object(found)
    }

    private func describe(_ running: RunningTask, safe: Bool) -> TaskInfo {
        var info = describe(running.task.request.message, safe: safe)
        info.hostname = hostname
        info.isRedelivered = running.task.request.redelivered
        guard running.pid != 0 else { return info }
        info.timeStart = running.startTime
        info.isAcknowledged = !running.task.policy.acksLate
        info.workerPID = Int(running.pid)
        return info
    }

    private func describe(_ task: AdmittedTask) -> TaskInfo {
        var info = describe(task.request.message)
        info.hostname = hostname
        info.isRedelivered = task.request.redelivered
        return info
    }

    private func describe(_ message: Message, safe: Bool = false) -> TaskInfo {
        let headers = message.headers
        var (args, kwargs): (CeleryValue, CeleryValue) = (
            .string(headers.argsRepr ?? ""), .string(headers.kwargsRepr ?? "")
        )
        if !safe, let body = try? app.codec.decodeBody(of: message) {
            var keywords = CeleryObject()
            for keyword in body.keywords { keywords[keyword.name] = (try? keyword.value.value()) ?? .null }
            args = .array(body.arguments.map { (try? $0.value()) ?? .null })
            kwargs = .object(keywords)
        }
        return TaskInfo(
            id: headers.id,
            name: headers.task,
            args: args,
            kwargs: kwargs,
            hostname: hostname,
            exchange: message.properties.exchange,
            routingKey: message.properties.routingKey,
            priority: message.properties.priority,
            isRedelivered: message.properties.redelivered
        )
    }

    /// `tasks.add [rate_limit=10/m]`; built-in tasks only when they are asked for.
    func registered(_ arguments: ControlArguments) -> CeleryValue {
        var items = ["exchange", "routing_key", "rate_limit"]
        if let given = try? arguments.strings("taskinfoitems"), !given.isEmpty { items = given }
        let names = app.registeredTaskNames.filter { arguments.flag("builtins") || !$0.hasPrefix("celery.") }
        return .array(
            names.compactMap { name in
                guard let task = app.registeredTask(name) else { return nil }
                let fields = items.compactMap { item in task.attribute(item).map { "\(item)=\($0)" } }
                return .string(fields.isEmpty ? name : "\(name) [\(fields.joined(separator: " "))]")
            }
        )
    }

    func activeQueues() -> CeleryValue { .array(pipeline.queues.all.map { QueueDescription.value(of: $0) }) }

    func conf(_ arguments: ControlArguments) -> CeleryValue {
        let settings = app.settings
        var object = settings.describe(withDefaults: arguments.flag("with_defaults"))
        if object["task_queues"] != nil {
            object["task_queues"] = .array(settings.taskQueues.map { QueueDescription.value(of: $0) })
        }
        return .object(object)
    }

    func report() -> CeleryValue {
        let broker = pipeline.transport.location
        var lines = [
            "",
            "software -> \(FleetIdentity.name):\(FleetIdentity.version)",
            "platform -> system:\(FleetIdentity.system)",
            "settings -> transport:\(broker) results:\(pipeline.backend.location)",
            "",
        ]
        for (name, value) in app.settings.describe().members { lines.append("\(name): \(PythonRepr.describe(value))") }
        return ["ok": .string(lines.joined(separator: "\n") + "\n")]
    }
}

/// A queue as kombu describes it.
enum QueueDescription {
    static func value(of queue: Queue) -> CeleryValue {
        let exchange: CeleryValue = [
            "name": .string(queue.exchange.name), "type": .string(queue.exchange.kind.rawValue), "arguments": .null,
            "durable": true, "passive": false, "auto_delete": false, "delivery_mode": .null, "no_declare": false,
        ]
        var object: CeleryObject = [
            "name": .string(queue.name), "exchange": exchange, "routing_key": .string(queue.routingKey),
        ]
        object["queue_arguments"] = queue.arguments.isEmpty ? .null : .object(queue.arguments)
        object["binding_arguments"] = .null
        object["consumer_arguments"] = .null
        object["durable"] = true
        for name in ["exclusive", "auto_delete", "no_ack"] { object[name] = false }
        object["alias"] = .null
        object["bindings"] = .array([])
        for name in [
            "no_declare", "expires", "message_ttl", "max_length", "max_length_bytes", "max_priority",
        ] { object[name] = .null }
        object["max_priority"] = queue.arguments["x-max-priority"] ?? .null
        return .object(object)
    }
}

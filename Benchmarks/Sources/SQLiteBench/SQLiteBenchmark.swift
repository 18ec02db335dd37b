//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CelerySQLite
import CeleryWire
import Foundation
import Logging
import Synchronization

/// The embedded broker: publishing, draining with results, and waking another process.
enum SQLiteBenchmark {
    static func run(count: Int) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "celery-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "celery.sqlite").path
        let (transport, _) = try await open(path)

        try await measure("publish one by one", count / 10) {
            for number in 0..<(count / 10) {
                try await transport.publish([message(number, queue: "one")], timeout: .seconds(5))
            }
        }
        try await measure("publish concurrently, 64 tasks", count / 2) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<64 {
                    group.addTask {
                        for number in stride(from: worker, to: count / 2, by: 64) {
                            try await transport.publish([message(number, queue: "many")], timeout: .seconds(5))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        try await measure("publish in bulk of 100", count) {
            for start in stride(from: 0, to: count, by: 100) {
                let messages = (start..<(start + 100)).map { message($0, queue: "bulk") }
                try await transport.publish(messages, timeout: .seconds(5))
            }
        }
        try await measure("publish in bulk of 100, 4 tasks", count) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        for start in stride(from: worker * 100, to: count, by: 400) {
                            let messages = (start..<(start + 100)).map { message($0, queue: "bulk2") }
                            try await transport.publish(messages, timeout: .seconds(5))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        try await measure("drain with results, one by one", count / 10) {
            try await drain(transport, "one", count / 10, loops: 1, batch: 1, results: true)
        }
        try await measure("drain with results, one loop of 64", count) {
            try await drain(transport, "bulk", count, loops: 1, results: true)
        }
        try await measure("drain with results, 3 loops of 64", count) {
            try await drain(transport, "bulk2", count, loops: 3, results: true)
        }
        try await measure("drain without results, 3 loops of 64", count / 2) {
            try await drain(transport, "many", count / 2, loops: 3, results: false)
        }
        try await wake(transport, path, count: 300)
        await transport.shutdown()
    }

    // MARK: - Parts

    static func open(_ path: String) async throws -> (any Transport, any ResultBackend) {
        var registry = PluginRegistry()
        registry.registerSQLite()
        let context = PluginContext(
            url: try BrokerURL("sqlite:///" + path),
            codec: WireCodec(),
            logger: Logger(label: "bench")
        )
        return (try await registry.transport(context), try await registry.backend(context))
    }

    static func message(_ number: Int, queue: String) -> OutgoingMessage {
        let id = "9f3c\(String(number, radix: 16))-\(queue)-4a70-8f27-\(UInt64.random(in: 0..<(1 << 48)))"
        let headers = TaskHeaders(
            task: "tasks.add",
            id: id,
            rootID: id,
            argsRepr: "(2, 3)",
            kwargsRepr: "{}",
            origin: "gen123@host"
        )
        let properties = MessageProperties(correlationID: id, routingKey: queue, priority: 0)
        let body = #"[[2, 3], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#
        return OutgoingMessage(Message(headers: headers, properties: properties, body: Array(body.utf8)))
    }

    /// Receives up to a batch, begins them, settles them with a result each; loops share one consumer.
    static func drain(
        _ transport: any Transport,
        _ queue: String,
        _ count: Int,
        loops: Int,
        batch limit: Int = 64,
        results: Bool
    ) async throws {
        let consumer = try await transport.openConsumer(ConsumerConfiguration(name: "bench", queues: [queue]))
        let left = Countdown(count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<loops {
                group.addTask {
                    while true {
                        let batch = try await consumer.receive(upTo: limit)
                        guard !batch.isEmpty else { return }
                        try await consumer.begin(batch.map { BeginMark($0.tag, .early) })
                        try await consumer.settle(batch.map { settlement($0, results) })
                        if left.take(batch.count) { try await consumer.close() }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    static func settlement(_ delivery: Delivery, _ results: Bool) -> Settlement {
        guard results, case .message(let message) = delivery.content else {
            return Settlement(delivery.tag, .acknowledge)
        }
        let meta = TaskMeta(
            taskID: message.headers.id,
            state: .success,
            outcome: .value(EncodedValue(.int(5))),
            dateDone: "2030-01-02T03:04:05.678900+00:00"
        )
        return Settlement(delivery.tag, .acknowledge, results: [StoredResult(meta, expires: .seconds(86400))])
    }

    static func measure(_ name: String, _ count: Int, _ body: () async throws -> Void) async throws {
        let start = ContinuousClock.now
        try await body()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print("sqlite,\(name),\(Int(Double(count) / seconds)),per second")
        fflush(nil)
    }

    // MARK: - Two processes

    /// How long it takes from another process's publish call to the delivery here, one at a time.
    static func wake(_ transport: any Transport, _ path: String, count: Int) async throws {
        let consumer = try await transport.openConsumer(ConsumerConfiguration(name: "bench", queues: ["wake"]))
        let publisher = Process()
        publisher.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        publisher.arguments = ["sqlite-publisher", path, String(count)]
        try publisher.run()
        var latencies: [Double] = []
        while latencies.count < count {
            for delivery in try await consumer.receive(upTo: 8) {
                let now = Timestamp.now
                guard case .message(let message) = delivery.content, let sent = Int64(message.headers.shadow ?? "")
                else {
                    continue
                }
                latencies.append(Double(now.microseconds - sent) / 1000)
                try await consumer.settle([Settlement(delivery.tag, .acknowledge)])
            }
        }
        publisher.waitUntilExit()
        try await consumer.close()
        latencies.sort()
        print("sqlite,publish to receive in another process p50,\(latencies[count / 2]),ms")
        print("sqlite,publish to receive in another process p99,\(latencies[count * 99 / 100]),ms")
    }

    static func publish(to path: String, count: Int) async throws {
        let (transport, _) = try await open(path)
        for number in 0..<count {
            try await Task.sleep(for: .milliseconds(10))
            var outgoing = message(number, queue: "wake")
            outgoing.message.headers.shadow = String(Timestamp.now.microseconds)
            try await transport.publish([outgoing], timeout: .seconds(5))
        }
        await transport.shutdown()
    }
}

/// Says when so many were taken.
private final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func take(_ count: Int) -> Bool {
        left.withLock { left in
            left -= count
            return left <= 0
        }
    }
}

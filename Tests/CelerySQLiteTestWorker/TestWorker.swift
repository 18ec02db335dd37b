//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CelerySQLite
import CeleryWire
import Logging

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A process for tests to kill and stop: does what lines on its standard input say, and answers each with a line.
@main
struct TestWorker {
    let transport: any Transport
    var consumer: (any TransportConsumer)?
    var held: [Delivery] = []

    static func main() async throws {
        var registry = PluginRegistry()
        registry.registerSQLite()
        let context = PluginContext(
            url: try BrokerURL("sqlite:///" + CommandLine.arguments[1]),
            codec: WireCodec(),
            logger: Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() }
        )
        var worker = TestWorker(transport: try await registry.transport(context))
        say("hello")
        while let line = readLine() {
            do {
                say(try await worker.obey(line.split(separator: " ").map(String.init)))
            } catch let error as TransportError {
                say("error \(error.code)")
            }
        }
    }

    /// A line that is not kept back in a buffer.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    mutating func obey(_ words: [String]) async throws -> String {
        let count = words.count > 1 ? Int(words[1]) ?? 0 : 0
        switch words.first {
        case "open":
            let lease = Duration.milliseconds(count)
            let configuration = ConsumerConfiguration(
                name: "child",
                queues: [words[2]],
                lease: lease,
                renewal: lease / 4
            )
            consumer = try await transport.openConsumer(configuration)
            return "opened"
        case "take":
            var taken: [Delivery] = []
            while taken.count < count { taken += try await consumer?.receive(upTo: count - taken.count) ?? [] }
            held += taken
            return "took " + taken.map(\.taskID).joined(separator: " ")
        case "begin":
            let mode: AcknowledgementMode = words[1] == "early" ? .early : .late
            try await consumer?.begin(held.map { BeginMark($0.tag, mode) })
            return "begun"
        case "acknowledge":
            try await consumer?.settle(held.map { Settlement($0.tag, .acknowledge) })
            held = []
            return "acknowledged"
        case "publish":
            try await transport.publish(
                (0..<count).map { Self.message("\(words[2])\($0)", to: words[3]) },
                timeout: .seconds(5)
            )
            return "published"
        case "work": return try await work(batch: count, done: words[2])
        case "shutdown":
            await transport.shutdown()
            return "down"
        default: return "unknown"
        }
    }

    /// Takes, begins and settles for ever; each settlement publishes a note of it in the same transaction.
    private func work(batch: Int, done: String) async throws -> String {
        guard let consumer else { return "closed" }
        while true {
            let taken = try await consumer.receive(upTo: batch)
            try await consumer.begin(taken.map { BeginMark($0.tag, .late) })
            let notes = taken.map { Settlement($0.tag, .acknowledge, publish: [Self.message($0.taskID, to: done)]) }
            try await consumer.settle(notes)
        }
    }

    static func message(_ id: String, to queue: String) -> OutgoingMessage {
        OutgoingMessage(
            Message(
                headers: TaskHeaders(task: "tasks.add", id: id),
                properties: MessageProperties(correlationID: id, routingKey: queue),
                body: Array("[[], {}, {}]".utf8)
            )
        )
    }
}

extension Delivery {
    fileprivate var taskID: String {
        guard case .message(let message) = content else { return "malformed" }
        return message.headers.id
    }
}
#else
@main
struct TestWorker {
    static func main() {}
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryTesting
import CeleryWire
import Logging
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// A server of a test's own for a doctor to look at.
struct Patient {
    let server: RedisServer
    let transport: RedisTransport

    init(
        _ server: RedisServer,
        url: String? = nil,
        time: any TimeSource = SystemTime(),
        options: CeleryObject = [:],
        deadLetterLimit: Int = 5
    ) throws {
        self.server = server
        transport = try RedisTransport(
            PluginContext(
                url: try BrokerURL(url ?? server.url()),
                codec: WireCodec(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                time: time,
                options: options,
                deadLetterLimit: deadLetterLimit
            )
        )
    }

    /// Runs a test with one; by default on a server at which nothing is wrong.
    static func with(
        _ server: RedisServerOptions = RedisServerOptions(appendOnly: .always),
        options: CeleryObject = [:],
        deadLetterLimit: Int = 5,
        _ body: (Patient) async throws -> Void
    ) async throws {
        try await RedisServer.with(server) { server in
            let patient = try Patient(server, options: options, deadLetterLimit: deadLetterLimit)
            try await body(patient)
            await patient.transport.shutdown()
        }
    }

    var keys: RedisKeys { transport.store.keys }

    func look(repair: Bool = false) async throws -> [Finding] {
        try await #require(transport.examiner).examine(repair: repair)
    }

    /// Looks once, lets it be repaired, and looks again: what was found must be gone then, and nothing new be there.
    ///
    /// - Returns: What was found at first.
    func heals(_ code: String, leaving others: Set<String> = []) async throws -> Finding {
        let before = try await look()
        let finding = try #require(before.first { $0.code == code }, "\(before)")
        #expect(finding.isRepairable && !finding.isRepaired)
        #expect(!finding.cure.isEmpty)
        let during = try await look(repair: true)
        #expect(during.first { $0.code == code }?.isRepaired == true, "\(during)")
        #expect(Set(try await look().map(\.code)) == others)
        return finding
    }

    func envelope(_ id: String, to queue: String = "q", eta: Timestamp? = nil) -> String {
        var headers = TaskHeaders(task: "tasks.add", id: id)
        headers.eta = eta?.iso8601
        let properties = MessageProperties(correlationID: id, routingKey: queue, priority: 0)
        let message = Message(headers: headers, properties: properties, body: Array("[[], {}, {}]".utf8))
        return String(decoding: StoredMessage.encode(message), as: UTF8.self)
    }

    /// Ids of what lies in a list, the oldest first.
    func ids(_ list: String = "q") throws -> [String] {
        try server.command("LRANGE", list, "0", "-1").items.reversed()
            .map { reply in
                guard case .bytes(let bytes) = reply else { return "?" }
                return (try? Envelope.decode(bytes, limits: .standard).headers.id) ?? "?"
            }
    }

    func consumer(lease: Duration = .seconds(1)) async throws -> RedisConsumer {
        let configuration = ConsumerConfiguration(name: "w1@here", queues: ["q"], lease: lease, renewal: lease / 4)
        return try await RedisConsumer.open(transport.store, configuration)
    }
}

/// The system's time, and so much more.
struct ShiftedTime: TimeSource {
    var shift: Duration

    var now: Timestamp { Timestamp.now.advanced(by: shift) }

    // sleeps: it is what a clock has to do for whoever asks; no test waits by it.
    func sleep(until deadline: Timestamp) async throws {
        try await SystemTime().sleep(until: deadline.advanced(by: .zero - shift))
    }
}
#endif

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import Synchronization
import Testing

@testable import CeleryRedis

/// Options that only kombu's Redis transport has, without a server.
@Suite struct KombuOptionTests {
    /// What was said in the log.
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.message)") } }
    }

    private func context(
        _ options: CeleryObject,
        url: String = "redis://h/3",
        lines: Lines = Lines()
    ) throws -> PluginContext {
        PluginContext(
            url: try BrokerURL(url),
            codec: WireCodec(),
            logger: Logger(label: "test") { _ in Handler(lines: lines) },
            options: options
        )
    }

    private static let channels: [(CeleryObject, String, String)] = [
        ([:], "p:/3.news", "p:/3.news/a.b"),
        (["fanout_prefix": true, "fanout_patterns": true], "p:/3.news", "p:/3.news/a.b"),
        (["fanout_prefix": false], "p:news", "p:news/a.b"),
        (["fanout_prefix": .null], "p:news", "p:news/a.b"),
        (["fanout_prefix": ""], "p:news", "p:news/a.b"),
        (["fanout_prefix": "/mine."], "p:/mine.news", "p:/mine.news/a.b"),
        (["fanout_prefix": "/{db}/{db}."], "p:/3/3.news", "p:/3/3.news/a.b"),
        (["fanout_patterns": false], "p:/3.news", "p:/3.news"),
        (["fanout_patterns": .null, "fanout_prefix": false], "p:news", "p:news"),
    ]

    @Test(arguments: channels)
    func `channels are named as kombu names them`(_ options: CeleryObject, _ bare: String, _ keyed: String) throws {
        var options = options
        options["global_keyprefix"] = "p:"
        let router = try RedisStore(try context(options)).router
        #expect(router.channel("news", "") == bare)
        #expect(router.channel("news", "a.b") == keyed)
    }

    @Test func `the keys of what Python's workers hold are those of the options`() throws {
        #expect(RedisKeys().unacked == "unacked")
        #expect(RedisKeys().unackedIndex == "unacked_index")
        let options: CeleryObject = ["global_keyprefix": "p:", "unacked_key": "held", "unacked_index_key": "when"]
        let keys = try RedisKeys(try context(options))
        #expect([keys.unacked, keys.unackedIndex] == ["p:held", "p:when"])
    }

    private static let wrong: [(CeleryObject, [String])] = [
        (["fanout_prefix": "/{vhost}."], ["fanout_prefix", "{vhost}", "only field is {db}"]),
        (["fanout_prefix": 1], ["fanout_prefix", "is 1", "true"]),
        (["fanout_patterns": "yes"], ["fanout_patterns", "yes", "true or false"]),
        (["unacked_key": 5], ["unacked_key", "is 5", "name of a key"]),
        (["unacked_index_key": ""], ["unacked_index_key", "name of a key"]),
        (["unacked_key": "unacked_index"], ["unacked_key", "unacked_index_key", "must differ"]),
        (["queue_order_strategy": "my.module.cycle"], ["queue_order_strategy", "my.module.cycle", "round_robin"]),
        (["queue_order_strategy": true], ["queue_order_strategy", "round_robin, priority or sorted"]),
    ]

    @Test(arguments: wrong)
    func `a wrong value is an error that names the option, the value and what it has to be`(
        _ options: CeleryObject,
        _ parts: [String]
    ) throws {
        let context = try context(options)
        let error = #expect(throws: TransportError.self) { _ = try RedisStore(context) }
        #expect(error?.code == .misconfigured)
        for part in parts { #expect(error?.message.contains(part) == true, "\(error?.message ?? "") lacks \(part)") }
    }

    @Test func `what has no effect is told of once at the start, and what has one is not`() throws {
        let lines = Lines()
        let options: CeleryObject = [
            "unacked_mutex_key": "lock", "unacked_mutex_expire": .null, "fanout_prefx": false, "sep": ":",
            "fanout_prefix": true, "unacked_key": "held", "queue_order_strategy": "sorted",
            "health_check_interval": 0,
        ]
        _ = try RedisStore(try context(options, lines: lines))
        let said = lines.all.withLock { $0 }
        #expect(said.count == 2, "\(said)")
        #expect(said.first?.hasPrefix("unacked_mutex_key = ") == true, "\(said)")
        #expect(said.first?.contains("no lock is taken") == true, "\(said)")
        #expect(said.last?.hasPrefix("fanout_prefx in the transport options has no effect") == true, "\(said)")
    }

    @Test func `what the result store does not know is told of too, and what a URL's query does not`() throws {
        let lines = Lines()
        let options: CeleryObject = [
            "global_keyprefx": "a", "retry_policy": ["max_retries": 3], "visibility_timeout": 10,
            "result_chord_ordered": false,
            "sentinel_kwargs": [:], "min_other_sentinels": 1,
        ]
        _ = try RedisResultBackend(
            try context(options, url: "redis://h?socket_timeout=3&max_connections=5", lines: lines)
        )
        let said = lines.all.withLock { $0 }
        let parts = [
            "global_keyprefx in result_backend_transport_options has no effect", "retry_policy = ",
            "visibility_timeout in result_backend_transport_options has no effect on Redis: it belongs into broker",
            "sentinel_kwargs in result_backend_transport_options has no effect on Redis: it is for URLs",
            "min_other_sentinels = 1", "max_connections in the query of redis://h",
        ]
        #expect(said.count == parts.count, "\(said)")
        for (line, part) in zip(said, parts) { #expect(line.hasPrefix(part), "\(line)") }
        let others = Lines()
        let sentinel: CeleryObject = [
            "master_name": "m", "result_chord_ordered": false,
            "sentinel_kwargs": ["password": "p", "socket_timeout": 1],
        ]
        _ = try RedisStore(try context(sentinel, url: "sentinel://h?visibility_timeout=3", lines: others))
        let told = others.all.withLock { $0 }
        #expect(told.count == 2, "\(told)")
        #expect(told.first?.contains("belongs into result_backend_transport_options") == true)
        #expect(told.last?.hasPrefix("socket_timeout in sentinel_kwargs has no effect") == true)
    }

    @Test(
        arguments: [
            ["username": 5], ["password": 12345], ["client_name": true], ["global_keyprefix": 5], ["sep": ""],
            ["sep": 1],
        ] as [CeleryObject]
    )
    func `a value of the wrong type is refused, and no password is shown`(_ options: CeleryObject) throws {
        let error = #expect(throws: TransportError.self) { _ = try RedisStore(try context(options)) }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("\(options.members[0].key) in the transport options is ") == true)
        #expect(error?.message.contains("12345") == false)
    }

    @Test(
        arguments: [["sentinel_kwargs": "x"], ["sentinel_kwargs": ["password": 1]], ["master_name": 1]]
            as [CeleryObject]
    )
    func `and so it is of sentinels`(_ options: CeleryObject) throws {
        var all: CeleryObject = ["master_name": "m"]
        for (name, value) in options.members { all[name] = value }
        let error = #expect(throws: TransportError.self) { _ = try RedisStore(try context(all, url: "sentinel://h")) }
        #expect(error?.code == .misconfigured)
    }

    @Test func `a name that the server would not take is made one`() throws {
        #expect(try RedisConfiguration(try context(["client_name": "a b\tc\nd"])).clientName == "a-b-c-d")
        #expect(try RedisConfiguration(try context([:], url: "redis://h?client_name=x")).clientName == "x")
    }

    @Test func `the order of queues is the worker's, or that of their names`() throws {
        #expect(try RedisStore(try context([:])).queueOrder == .roundRobin)
        #expect(QueueOrder.sorted.arranged(["b", "a"]) == ["a", "b"])
        for order in [QueueOrder.priority, .roundRobin] {
            #expect(try RedisStore(try context(["queue_order_strategy": .string(order.rawValue)])).queueOrder == order)
            #expect(order.arranged(["b", "a"]) == ["b", "a"])
        }
    }

    @Test func `a health check can be turned off, and other times cannot be 0`() throws {
        func interval(_ options: CeleryObject, _ url: String = "redis://h") throws -> Duration {
            try RedisConfiguration(try context(options, url: url)).healthCheckInterval
        }
        #expect(try interval([:]) == .seconds(25))
        #expect(try interval(["health_check_interval": 0]) == .zero)
        #expect(try interval(["health_check_interval": 0.5]) == .milliseconds(500))
        #expect(try interval([:], "redis://h?health_check_interval=0") == .zero)
        let negative = #expect(throws: TransportError.self) { _ = try interval(["health_check_interval": -1]) }
        #expect(negative?.message.contains("health_check_interval") == true)
        #expect(negative?.message.contains("0 or more") == true)
        let zero = #expect(throws: TransportError.self) { _ = try interval(["socket_timeout": 0]) }
        #expect(zero?.message.contains("above 0") == true)
    }
}
#endif

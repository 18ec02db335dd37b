//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import ServiceTestSupport
import Testing

@Suite("Arguments and results from Python to a Swift worker and back", .needsPythonAndRedis)
struct PythonToSwiftValueTests {
    @Test("every value comes back as it was", arguments: PythonVersion.available)
    func echo(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            for value in InteropValues.plain + InteropValues.tagged {
                let outcome = try await site.call("interop.echo", [value])
                #expect(outcome.value == value)
            }
            guard case .double(let nan)? = try await site.call("interop.echo", [.double(.nan)]).value else {
                Issue.record("NaN is no number")
                return
            }
            #expect(nan.isNaN)
        }
    }

    @Test("in every serializer, compressed in every way", arguments: PythonVersion.available)
    func encodings(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            for serializer in InteropValues.serializers {
                let value = CeleryValue.array(InteropValues.plain)
                let options: CeleryObject = ["serializer": .string(serializer)]
                let plain = try await site.call("interop.echo", [value], options: options)
                #expect(plain.value == value, "\(serializer)")
                for compression in InteropValues.compressions {
                    let options: CeleryObject = [
                        "serializer": .string(serializer), "compression": .string(compression),
                    ]
                    let outcome = try await site.call("interop.add", [2, 3], options: options)
                    #expect(outcome.value == 5, "\(serializer) \(compression)")
                }
            }
        }
    }

    @Test("bytes of msgpack are bytes", arguments: PythonVersion.available)
    func messagePackBytes(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            let outcome = try await site.call(
                "interop.echo",
                [.bytes([0xFF, 0])],
                options: ["serializer": "msgpack"]
            )
            #expect(outcome.value == .bytes([0xFF, 0]))
        }
    }

    @Test("parameters are filled by place, by name, and by their defaults", arguments: PythonVersion.available)
    func parameters(version: PythonVersion) async throws {
        let calls: [(args: [CeleryValue], kwargs: CeleryObject, result: CeleryValue)] = [
            ([1], [:], [1, 2, "three"]), ([1, 5], [:], [1, 5, "three"]), ([1], ["third": "3"], [1, 2, "3"]),
            ([], ["third": "c", "first": "a", "second": 7], ["a", 7, "c"]), ([nil], ["second": 0], [nil, 0, "three"]),
        ]
        try await RedisInterop.withSwiftWorker(version) { site in
            for call in calls {
                let outcome = try await site.call("interop.defaults", call.args, kwargs: call.kwargs)
                #expect(outcome.value == call.result)
            }
            // What the call lacks or has too much is Python's TypeError.
            for (args, kwargs) in [([], [:]), ([1, 2, "3", 4], [:]), ([1], ["fourth": 4]), ([1, "two"], [:])]
                as [([CeleryValue], CeleryObject)]
            {
                let outcome = try await site.call("interop.defaults", args, kwargs: kwargs)
                #expect(outcome.state == "FAILURE")
                #expect(outcome.exception?.type == "TypeError")
                #expect(outcome.exception?.module == "builtins")
            }
        }
    }

    @Test("Swift types meet their Python counterparts", arguments: PythonVersion.available)
    func types(version: PythonVersion) async throws {
        struct Order: Codable, Sendable {
            var id: UUID
            var placed: Date
            var total: Decimal
            var seal: Data
            var lines: [String: Int]
            var note: String?
        }
        let queue = RedisServer.uniquePrefix() + "queue"
        let client = try await RedisInterop.of(version).client()
        let outcome = try await RedisInterop.withApp(queue: queue) { app in
            app.task("interop.order") { (order: Order) -> Order in
                var order = order
                order.total += 1
                order.placed += 60
                return order
            }
            let order: CeleryValue = [
                "id": .uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"),
                "placed": .datetime("2030-01-02T03:04:05.250000+00:00"),
                "total": .decimal("1.10"), "seal": .bytes([0xFF]), "lines": ["x": 2],
            ]
            return try await withWorker(app) {
                let id = try await client.send("interop.order", [order], options: ["queue": .string(queue)])
                return try await client.get(id)
            }
        }
        guard case .object(let order)? = outcome.value else {
            Issue.record("\(outcome)")
            return
        }
        #expect(order["id"] == .uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"))
        #expect(order["placed"] == .datetime("2030-01-02T03:05:05.250000+00:00"))
        #expect(order["total"] == .decimal("2.1") || order["total"] == .decimal("2.10"))
        #expect(order["seal"] == .bytes([0xFF]))
        #expect(order["lines"] == ["x": 2])
    }
}

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

@Suite("Arguments and results from Swift to a Python worker and back", .needsPythonAndRedis)
struct SwiftToPythonValueTests {
    @Test("every value comes back as it was", arguments: PythonVersion.available)
    func echo(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            for value in InteropValues.plain + InteropValues.tagged {
                let back = try await site.call("interop.echo", [value])
                #expect(back == value)
            }
            guard case .double(let nan) = try await site.call("interop.echo", [.double(.nan)]) else {
                throw ServiceError("NaN is no number")
            }
            #expect(nan.isNaN)
        }
    }

    @Test("Python sees its own types", arguments: PythonVersion.available)
    func types(version: PythonVersion) async throws {
        let seen: [(value: CeleryValue, repr: String)] = [
            (.int(1), "1"), (.double(1), "1.0"), (.bool(true), "True"), (.null, "None"), (.bytes([0xFF]), "b'\\xff'"),
            (.date("2030-01-02"), "datetime.date(2030, 1, 2)"), (.decimal("1.10"), "Decimal('1.10')"),
            (
                .datetime("2030-01-02T03:04:05+00:00"),
                "datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)"
            ),
            (.uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"), "UUID('7b6dd2ab-05ec-4b1c-9c4b-0a9d7b4f1c11')"),
            (.bigInteger("36893488147419103232"), "36893488147419103232"),
        ]
        try await RedisInterop.withPythonWorker(version) { site in
            for (value, repr) in seen {
                let answer = try await site.call("interop.describe", [value], kwargs: ["k": value])
                #expect(answer == [.string("(\(repr),)"), ["k": .string(repr)]])
            }
        }
    }

    @Test("in every serializer, compressed in every way", arguments: PythonVersion.available)
    func encodings(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            for serializer in InteropValues.serializers {
                let value = CeleryValue.array(InteropValues.plain)
                let back = try await site.call("interop.echo", [value], options: SendOptions(serializer: serializer))
                #expect(back == value, "\(serializer)")
                for compression in InteropValues.compressions {
                    let options = SendOptions(serializer: serializer, compression: compression)
                    let sum = try await site.call("interop.add", [2, 3], options: options)
                    #expect(sum == 5, "\(serializer) \(compression)")
                }
            }
        }
    }

    @Test("keywords reach Python's parameters", arguments: PythonVersion.available)
    func parameters(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            try await site.expect([1, 2, "three"], from: "interop.defaults", [1])
            try await site.expect([1, 5, "3"], from: "interop.defaults", [1, 5], kwargs: ["third": "3"])
            let named: CeleryObject = ["third": "c", "first": "a", "second": nil]
            try await site.expect(["a", nil, "c"], from: "interop.defaults", kwargs: named)
        }
    }

    @Test("a handle for a Python task is typed at both ends", arguments: PythonVersion.available)
    func handle(version: PythonVersion) async throws {
        struct Order: Codable, Sendable, Equatable {
            var id: UUID
            var placed: Date
            var total: Decimal
            var seal: Data
            var lines: [String: Int]
            var note: String?
        }
        let order = Order(
            id: UUID(),
            placed: Date(timeIntervalSince1970: 1_893_553_445.25),
            total: Decimal(string: "1.25") ?? 0,
            seal: Data([0xFF, 0]),
            lines: ["x": 2],
            note: nil
        )
        try await RedisInterop.withPythonWorker(version) { site in
            // Registered under the name of a task that runs elsewhere: only its types matter here.
            let echo = site.app.task("interop.echo") { (order: Order) in order }
            let back = try await echo.delay(order).get(timeout: .seconds(30))
            #expect(back == order)
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Testing

@testable import CeleryWorker

@Suite
struct FrameTests {
    private static let values: CeleryObject = [
        "null": nil, "bool": [true, false], "int": [0, -1, .int(.max), .int(.min)],
        "big": .bigInteger("-9999999999999999999999"),
        "double": [0.1, .double(-.infinity), .double(.leastNonzeroMagnitude)], "string": ["", "grün 🥬"],
        "bytes": .bytes([0, 255]), "object": ["a": ["b": []]], "datetime": .datetime("2030-01-02T03:04:05"),
        "date": .date("2030-01-02"), "time": .time("03:04:05"), "decimal": .decimal("1.10"), "uuid": .uuid("00ff"),
    ]

    private static var message: Message {
        let headers = TaskHeaders(
            task: "t",
            id: "i",
            lang: "py",
            shadow: "s",
            eta: "e",
            expires: "x",
            group: "g",
            groupIndex: 3,
            retries: 2,
            timeLimit: TimeLimits(hard: 1.5, soft: 0.5),
            rootID: "r",
            parentID: "p",
            argsRepr: "()",
            kwargsRepr: "{}",
            origin: "gen1@host",
            ignoreResult: nil,
            replacedTaskNesting: 1,
            stampedHeaders: ["a"],
            stamps: ["a": 1],
            compression: "gzip",
            custom: values
        )
        let properties = MessageProperties(
            correlationID: "c",
            replyTo: "q",
            deliveryMode: 1,
            exchange: "ex",
            routingKey: "rk",
            priority: nil,
            expiration: "60",
            deliveryTag: "tag",
            redelivered: true,
            custom: ["x": 1]
        )
        return Message(
            headers: headers,
            properties: properties,
            contentType: "a/b",
            contentEncoding: "binary",
            body: [1, 2, 3]
        )
    }

    private static var report: TaskReport {
        let failure = TaskFailure(
            exception: ExceptionInfo(type: "E", arguments: [1, "a"], module: "m"),
            traceback: "tb",
            isExpected: true
        )
        return TaskReport(
            outcome: .retry(failure),
            followUps: [OutgoingMessage(message, notBefore: Timestamp(microseconds: -5)), OutgoingMessage(message)],
            children: [.array(["a", nil]), .object(values)],
            runtime: .nanoseconds(1_500_000_001)
        )
    }

    @Test("A request comes out of its frame as it went in")
    func request() throws {
        let request = TaskRequest(message: Self.message, queue: "q", redelivered: true, attempt: 7, hostname: "h@x")
        let found = try roundTrip({ $0.request(request) }) { fields throws(FrameError) in try fields.request() }
        #expect(found.message == request.message)
        #expect((found.queue, found.redelivered, found.attempt, found.hostname) == ("q", true, 7, "h@x"))
    }

    @Test("A report comes out of its frame as it went in")
    func report() throws {
        let found = try roundTrip({ $0.report(Self.report) }) { fields throws(FrameError) in try fields.report() }
        #expect(found.outcome == Self.report.outcome)
        #expect(found.followUps.map(\.message) == [Self.message, Self.message])
        #expect(found.followUps.map(\.notBefore) == [Timestamp(microseconds: -5), nil])
        #expect(found.children == Self.report.children)
        #expect(found.runtime == Self.report.runtime)
    }

    @Test(
        "Every outcome comes out of its frame as it went in",
        arguments: [
            .success(EncodedValue(["a": 1]), repr: "{'a': 1}"),
            .success(EncodedValue(validatedJSON: [0x31]), repr: "1"),
            .failure(TaskFailure(exception: ExceptionInfo(type: "X"))), .ignored,
            .rejected(reason: "no", requeue: true),
        ] as [TaskOutcome]
    )
    func outcomes(_ outcome: TaskOutcome) throws {
        let report = TaskReport(outcome: outcome)
        #expect(try roundTrip({ $0.report(report) }) { f throws(FrameError) in try f.report() }.outcome == outcome)
    }

    @Test("A stored result comes out of its frame as it went in")
    func meta() throws {
        let meta = TaskMeta(
            taskID: "i",
            state: "CUSTOM",
            outcome: .exception(ExceptionInfo(type: "E", arguments: [1])),
            traceback: "t",
            children: ["c"],
            dateDone: "d",
            groupID: "g",
            parentID: "p",
            extended: TaskMeta.Extended(name: "n", arguments: [1], keywords: [:], worker: "w", retries: 2, queue: "q"),
            custom: Self.values
        )
        #expect(try roundTrip({ $0.meta(meta) }) { fields throws(FrameError) in try fields.meta() } == meta)
    }

    @Test("A chord comes out of its frame as it went in: without nested results none are made up")
    func chords() throws {
        let chords = [
            ChordStart(groupID: "a", size: 2), ChordStart(groupID: "b", size: 3, expires: .seconds(5)),
            ChordStart(groupID: "c", size: 4, nested: [["c", .null], []]),
        ]
        var report = Self.report
        report.chords = chords
        #expect(try roundTrip({ $0.report(report) }) { f throws(FrameError) in try f.report() }.chords == chords)
    }

    @Test("A stored result without its arguments comes out of its frame without")
    func metaWithoutArguments() throws {
        var meta = TaskMeta(taskID: "i", state: .success, outcome: .value(EncodedValue(1)))
        meta.extended = TaskMeta.Extended(name: "n")
        #expect(try roundTrip({ $0.meta(meta) }) { fields throws(FrameError) in try fields.meta() } == meta)
    }

    @Test("A stream may be cut anywhere", arguments: [1, 2, 3, 5, 7, 64, 100_000])
    func chunks(_ size: Int) throws {
        var encoder = FrameEncoder()
        for number in 0..<50 {
            encoder.frame(.accepted) { $0.unsigned(UInt64(number)) }
            encoder.frame(.outcome) { $0.blob([UInt8](repeating: 1, count: number * number)) }
        }
        var assembler = FrameAssembler(limit: 1 << 20)
        var seen: [(FrameKind, Int)] = []
        for start in stride(from: 0, to: encoder.bytes.count, by: size) {
            try feed(&assembler, Array(encoder.bytes[start..<min(start + size, encoder.bytes.count)])) { kind, fields in
                seen.append((kind, fields.count))
            }
        }
        #expect(seen.count == 100)
        #expect(seen.enumerated().allSatisfy { $0.element.0 == ($0.offset % 2 == 0 ? .accepted : .outcome) })
        #expect(assembler.isEmpty)
    }

    @Test("A truncated or damaged frame is an error, never a trap")
    func damage() throws {
        var encoder = FrameEncoder()
        encoder.report(Self.report)
        for count in 0..<encoder.bytes.count {
            #expect(throws: FrameError.self) {
                _ = try decode(Array(encoder.bytes[..<count])) { fields throws(FrameError) in try fields.report() }
            }
        }
        var random = SplitMix(state: 9)
        for _ in 0..<20_000 {
            var bytes = encoder.bytes
            for _ in 0..<3 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            _ = try? decode(bytes) { fields throws(FrameError) in try fields.report() }
        }
    }

    @Test("Values nested too deeply are an error")
    func depth() throws {
        let bytes = [UInt8](repeating: 8, count: 1) + (0..<100_000).flatMap { _ in [1, 8] as [UInt8] }
        #expect(throws: FrameError.self) {
            _ = try decode(bytes) { fields throws(FrameError) in try fields.value() }
        }
    }

    @Test(
        "A length beyond the limit, of nothing, or an unknown kind is an error",
        arguments: [
            [0, 0, 1, 0, 1], [0, 0, 0, 0, 1], [1, 0, 0, 0, 99],
        ] as [[UInt8]]
    )
    func badHeader(_ bytes: [UInt8]) {
        var assembler = FrameAssembler(limit: 1000)
        #expect(throws: FrameError.self) { try feed(&assembler, bytes) { _, _ in } }
    }

    private func feed(
        _ assembler: inout FrameAssembler,
        _ bytes: [UInt8],
        _ handle: (FrameKind, UnsafeRawBufferPointer) -> Void
    ) throws {
        try bytes.withUnsafeBytes {
            try assembler.receive($0) { kind, fields throws(FrameError) in handle(kind, fields) }
        }
    }

    private func roundTrip<T>(
        _ write: (inout FrameEncoder) -> Void,
        _ read: (inout FrameDecoder) throws(FrameError) -> T
    ) throws -> T {
        var encoder = FrameEncoder()
        write(&encoder)
        return try decode(encoder.bytes, read)
    }

    private func decode<T>(_ bytes: [UInt8], _ read: (inout FrameDecoder) throws(FrameError) -> T) throws -> T {
        try bytes.withUnsafeBytes { buffer in
            var fields = FrameDecoder(buffer)
            let value = try read(&fields)
            try fields.finish()
            return value
        }
    }
}

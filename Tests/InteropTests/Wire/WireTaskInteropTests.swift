//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

#if Compression
import CeleryCompression
#endif
#if YAML
import CeleryYAML
#endif

/// The codec with every serializer and compression that this build has.
func interopCodec() -> WireCodec {
    var serializers: [any BodySerializer] = []
    var compressions: [any BodyCompression] = []
    #if YAML
    serializers.append(YAMLSerializer())
    #endif
    #if Compression
    compressions = WireCodec.systemCompressions
    #endif
    return WireCodec(serializers: serializers, compressions: compressions, acceptContent: ["json", "msgpack", "yaml"])
}

@Suite("Messages between Swift and Python", .serialized, .needsPython)
struct WireTaskInteropTests {
    struct Order: Codable, Equatable {
        var id: Int
        var lines: [String: Double]
        var note: String?
    }

    /// Swift values, and what a Python worker must see.
    static let swiftArguments: [(value: any Encodable & Sendable, repr: String)] = [
        (2, "2"), (Int.min, "-9223372036854775808"), (UInt64.max, "18446744073709551615"), (true, "True"),
        (Int?.none, "None"), (0.1, "0.1"), (1e16, "1e+16"), (-0.0, "-0.0"), (Double.leastNonzeroMagnitude, "5e-324"),
        (Double.nan, "nan"),
        (-Double.infinity, "-inf"), ("h\u{e9} \u{1F600} \"\\\n\u{0}", "'hé 😀 \"\\\\\\n\\x00'"), ("", "''"),
        ([1, 2], "[1, 2]"), (["a": ["b"]], "{'a': ['b']}"), ([String](), "[]"), ([String: Int](), "{}"),
        (Order(id: 1, lines: ["x": 2.5]), "{'id': 1, 'lines': {'x': 2.5}}"),
    ]

    /// Those that only JSON carries to Python as what they are.
    static let taggedArguments: [(value: any Encodable & Sendable, repr: String)] = [
        (
            Date(timeIntervalSince1970: 1_893_553_445.25),
            "datetime.datetime(2030, 1, 2, 3, 4, 5, 250000, tzinfo=datetime.timezone.utc)"
        ),
        (Data("hi".utf8), "b'hi'"), (Data([0xFF, 0]), "b'\\xff\\x00'"),
        (
            UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)),
            "UUID('01020304-0506-0708-090a-0b0c0d0e0f10')"
        ),
        (Decimal(string: "1.25") ?? 0, "Decimal('1.25')"),
        (CeleryValue.date("2030-01-02"), "datetime.date(2030, 1, 2)"),
        (CeleryValue.time("03:04:05"), "datetime.time(3, 4, 5)"),
        (CeleryValue.bigInteger("-123456789012345678901234567890"), "-123456789012345678901234567890"),
        (CeleryValue.datetime("2030-01-02T03:04:05"), "datetime.datetime(2030, 1, 2, 3, 4, 5)"),
    ]

    private func message(_ id: String = "id-1") -> Message {
        Message(
            headers: TaskHeaders(
                task: "wire.echo",
                id: id,
                eta: "2030-01-02T03:04:05+00:00",
                retries: 2,
                timeLimit: TimeLimits(hard: 30, soft: 1.5),
                rootID: id,
                argsRepr: "()",
                kwargsRepr: "{}",
                origin: "gen1@here",
                stampedHeaders: ["s"],
                stamps: ["s": 1],
                custom: ["X": ["y": [nil]]]
            ),
            properties: MessageProperties(
                correlationID: id,
                replyTo: "r",
                routingKey: "celery",
                expiration: "5000",
                deliveryTag: "tag"
            ),
            body: []
        )
    }

    private func see(_ peer: WirePeer, _ message: Message) throws -> CeleryObject {
        let envelope = String(decoding: Envelope.encode(message), as: UTF8.self)
        return try peer.ask(["op": "see", "envelope": .string(envelope)])
    }

    @Test(
        "Python sees every argument that Swift sends, in every serializer and compression",
        arguments: PythonVersion.available
    )
    func swiftToPython(version: PythonVersion) throws {
        let peer = try WirePeer(version)
        let codec = interopCodec()
        // Python's zstd is an extra package.
        guard case .array(let known)? = try peer.ask(["op": "known"])["compressions"] else {
            throw PeerError(text: "?")
        }
        let compressions: [String?] =
            [nil] + codec.compressions.filter { known.contains(.string($0.contentType)) }.map { $0.names[0] }
        #expect(compressions.count >= min(codec.compressions.count, 5))
        for serializer in codec.serializers.map(\.name) {
            let all = Self.swiftArguments + (serializer == "json" ? Self.taggedArguments : [])
            var body = TaskBody()
            for argument in all {
                body.arguments.append(try EncodedValue(encoding: argument.value))
                body.keywords.append(.init("k\(body.keywords.count)", try EncodedValue(encoding: argument.value)))
            }
            body.embed.chain = [Signature(task: "next", arguments: [EncodedValue(1)], options: ["queue": "q"])]
            for compression in compressions {
                var message = message()
                try codec.encode(body, into: &message, serializer: serializer, compression: compression)
                let seen = try see(peer, message)
                let name = "\(serializer) \(compression ?? "plain")"
                #expect(seen["args"] == .string("[" + all.map(\.repr).joined(separator: ", ") + "]"), "\(name)")
                let keywords = all.enumerated().map { "'k\($0.offset)': \($0.element.repr)" }
                #expect(seen["kwargs"] == .string("{" + keywords.joined(separator: ", ") + "}"), "\(name)")
                #expect(
                    seen["embed"]
                        == .string(
                            "{'callbacks': None, 'errbacks': None, 'chain': [{'task': 'next', 'args': [1], 'kwargs': {}, "
                                + "'options': {'queue': 'q'}, 'subtask_type': None, 'immutable': False}], 'chord': None}"
                        ),
                    "\(name)"
                )
            }
        }
    }

    @Test("Python sees the headers and properties that Swift sends", arguments: PythonVersion.available)
    func headers(version: PythonVersion) throws {
        let peer = try WirePeer(version)
        var message = message()
        try interopCodec().encode(TaskBody(), into: &message)
        let seen = try see(peer, message)
        #expect(
            seen["headers"]
                == .string(
                    "{'lang': 'swift', 'task': 'wire.echo', 'id': 'id-1', 'shadow': None, 'eta': '2030-01-02T03:04:05+00:00', "
                        + "'expires': None, 'group': None, 'group_index': None, 'retries': 2, 'timelimit': [30, 1.5], "
                        + "'root_id': 'id-1', 'parent_id': None, 'argsrepr': '()', 'kwargsrepr': '{}', 'origin': 'gen1@here', "
                        + "'ignore_result': False, 'replaced_task_nesting': 0, 'stamped_headers': ['s'], 'stamps': {'s': 1}, "
                        + "'X': {'y': [None]}}"
                )
        )
        #expect(
            seen["properties"]
                == .string(
                    "{'correlation_id': 'id-1', 'reply_to': 'r', 'delivery_mode': 2, 'expiration': '5000', 'delivery_info': "
                        + "{'exchange': '', 'routing_key': 'celery'}, 'priority': 0, 'body_encoding': 'base64', 'delivery_tag': 'tag'}"
                )
        )
    }

    /// Calls that Python makes.
    static let pythonCalls: [String] = [
        "{'args': (1, -2**63, 2**64, 10**40, 0.1, 1e16, 1e-7, True, None, 'h\\u00e9 \\U0001f600\\n\\x00\\ud800'), 'options': {'argsrepr': ''}}",
        "{'args': (float('nan'), float('inf'), [1, [2, []]], {'a': {'b': None}}, {1: 2, None: 3, True: 4, 2.5: 5})}",
        "{'args': (b'hello', b'\\xff', datetime(2030, 1, 2, 3, 4, 5, 6), datetime(2030, 1, 2, tzinfo=timezone.utc))}",
        "{'args': (date(2030, 1, 2), time(3, 4), Decimal('1.10'), Decimal('1E+5'), Decimal('NaN'), UUID(int=5))}",
        "{'args': (datetime(2030, 1, 2, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),), 'kwargs': {'k': b'', '': ''}}",
        "{'options': {'countdown': 10, 'expires': 60, 'priority': 5, 'headers': {'X': [1, {'y': None}]}}}",
        "{'options': {'eta': datetime(2030, 1, 2, 3, 4, 5), 'time_limit': 30, 'soft_time_limit': 1.5, 'retries': 3}}",
        "{'options': {'link': echo.s(1), 'link_error': [echo.si(2).set(queue='q')], 'group_id': 'g', 'group_index': 2}}",
        "{'options': {'chain': [echo.s(3), chain(echo.s(4), echo.s(5))], 'chord': echo.s(), 'ignore_result': True}}",
        "{'options': {'shadow': 's', 'root_id': 'r', 'parent_id': 'p', 'task_id': 'h\\u00e9 /x', 'reply_to': 'me'}}",
        "{'args': (group(echo.s(i) for i in range(3)), chord([echo.s(1)], echo.s())), 'options': {'compression': 'gzip'}}",
        "{'args': ('x' * 3000, list(range(500))), 'kwargs': {'long': ['y' * 50] * 40}, 'options': {'compression': 'zlib'}}",
        "{'args': (1, 'h\\u00e9', 2.5, None, True, [1, {'a': -1}], b'\\xff', 2**63), 'options': {'serializer': 'msgpack'}}",
        "{'args': (1, 'yes', '12', '1e5', 2.5, 1e20, None, b'\\xff', date(2030, 1, 2), datetime(2030, 1, 2, 3, 4, 5, 600)), 'kwargs': {'k': 'a: b # c\\n\\td'}, 'options': {'serializer': 'yaml'}}",
        "{'args': (datetime(2030, 1, 2, 3, tzinfo=timezone.utc), 0o17, -0.0, 2**70, '\\U0001f600'), 'options': {'serializer': 'yaml', 'compression': 'zlib'}}",
        "{'args': ('x' * 300,), 'options': {'compression': 'bzip2'}}",
        "{'args': ('x' * 300,), 'options': {'compression': 'lzma'}}",
        "{'args': ('x' * 300,), 'options': {'compression': 'brotli'}}",
        "{'args': ('x' * 300,), 'options': {'compression': 'zstd' if 'application/zstd' in compression.encoders() else 'zlib'}}",
    ]

    @Test(
        "what Python sends decodes, and encoded again is the same message to Python",
        arguments: PythonVersion.available
    )
    func pythonToSwift(version: PythonVersion) throws {
        let peer = try WirePeer(version)
        let codec = interopCodec()
        var seen = 0
        for (number, call) in Self.pythonCalls.enumerated() {
            let envelope = try peer.ask(["op": "send", "number": .int(number), "call": .string(call)], for: "envelope")
            var message = try Envelope.decode(Array(envelope.utf8))
            #expect(String(decoding: Envelope.encode(message), as: UTF8.self) == envelope, "\(call)")
            let serializer = message.contentType
            let compression = message.headers.compression
            guard codec.serializers.contains(where: { $0.contentType == serializer }),
                compression == nil || codec.compressions.contains(where: { $0.contentType == compression })
            else { continue }
            let body = try codec.decodeBody(of: message)
            // By way of typed and dynamic values, so that nothing passes as raw text alone.
            var dynamic = try TaskBody(body.value())
            dynamic.embed = body.embed
            let keepsText = call.contains("\\ud800")
            try codec.encode(
                keepsText ? body : dynamic,
                into: &message,
                serializer: serializer,
                compression: compression
            )
            let answer = try peer.ask([
                "op": "same", "one": .string(envelope),
                "two": .string(String(decoding: Envelope.encode(message), as: UTF8.self)),
            ])
            #expect(answer["same"] == true, "\(call): \(answer)")
            seen += 1
        }
        #expect(seen >= 12)
    }

    @Test(
        "what Python sends in protocol 1 is read",
        arguments: PythonVersion.available,
        ["json", "msgpack"].flatMap { [($0, "None"), ($0, "'zlib'")] }
    )
    func protocolOne(version: PythonVersion, _ form: (serializer: String, compression: String)) throws {
        let (serializer, compression) = form
        let peer = try WirePeer(version)
        let call = """
            {'args': (2, 'x'), 'kwargs': {'k': [None]}, 'options': {'task_id': 'old', 'retries': 3, 'link': echo.s(1), \
            'eta': datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc), 'time_limit': 30, 'soft_time_limit': 1.5, \
            'group_id': 'g', 'serializer': '\(serializer)', 'compression': \(compression)}}
            """
        let envelope = try peer.ask(
            ["op": "send", "number": 950, "call": .string(call), "protocol": 1],
            for: "envelope"
        )
        let message = try Envelope.decode(Array(envelope.utf8))
        #expect(message.headers.task == "wire.echo" && message.headers.id == "old" && message.headers.retries == 3)
        #expect(message.headers.eta?.hasPrefix("2030-01-02T03:04:05") == true && message.headers.group == "g")
        #expect(message.headers.timeLimit == TimeLimits(hard: 30, soft: 1.5))
        let body = try interopCodec().decodeBody(of: message)
        #expect(try body.arguments.map { try $0.value() } == [2, "x"])
        #expect(try body.keywords.map { $0.name + PythonRepr.describe(try $0.value.value()) } == ["k[None]"])
        #expect(body.embed.callbacks.map(\.task) == ["wire.echo"])
    }

    @Test("typed arguments decode to the values that Python sent", arguments: PythonVersion.available)
    func typed(version: PythonVersion) throws {
        let peer = try WirePeer(version)
        let call =
            "{'args': (2, 'x', 2.5, datetime(2030, 1, 2, 3, 4, 5, 250000, tzinfo=timezone.utc), UUID(int=5), Decimal('1.25'), b'\\xff', {'id': 1, 'lines': {'x': 2}})}"
        let envelope = try peer.ask(["op": "send", "number": 900, "call": .string(call)], for: "envelope")
        let arguments = try WireCodec().decodeBody(of: Envelope.decode(Array(envelope.utf8))).arguments
        #expect(try arguments[0].decode(as: Int.self) == 2)
        #expect(try arguments[1].decode(as: String.self) == "x")
        #expect(try arguments[2].decode(as: Double.self) == 2.5)
        #expect(try arguments[3].decode(as: Date.self) == Date(timeIntervalSince1970: 1_893_553_445.25))
        #expect(try arguments[4].decode(as: UUID.self).uuidString == "00000000-0000-0000-0000-000000000005")
        #expect(try arguments[5].decode(as: Decimal.self) == Decimal(string: "1.25"))
        #expect(try arguments[6].decode(as: Data.self) == Data([0xFF]))
        #expect(try arguments[7].decode(as: Order.self) == Order(id: 1, lines: ["x": 2]))
    }
}

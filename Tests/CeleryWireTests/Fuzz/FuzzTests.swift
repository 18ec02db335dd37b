//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

#if YAML
import CeleryYAML
#endif
#if Compression
import CeleryCompression
#endif

/// Broken inputs for every decoder: any input gives a value or a ``WireError``, within the limits. What cannot be
/// caught (a trap) ends the test process, so the seed of the running round is printed before it begins.
@Suite("Fuzzing", .serialized)
struct FuzzTests {
    /// Limits low enough that a breach would show.
    private static let limits = WireLimits(
        messageSize: 4096,
        nestingDepth: 24,
        decompressedSize: 4096,
        yamlAliases: 8,
        integerDigits: 64
    )

    struct Target: Sendable, CustomTestStringConvertible {
        var name: String
        var inputs: Int
        var seeds: [String]
        var packed: [[UInt8]] = []
        var run: @Sendable ([UInt8]) throws -> Void
        var testDescription: String { name }
        private var allSeeds: [[UInt8]] { seeds.map { Array($0.utf8) } + packed }

        /// How many of its inputs are refused with a ``WireError``; any other error is an issue, and ends it.
        func refusals(_ mutator: Mutator) -> Int {
            print("fuzzing \(name): \(inputs) inputs of \(mutator.longest) bytes at most, seed \(FuzzTests.seed)")
            let seeds = allSeeds
            var (mutator, refused) = (mutator, 0)
            for number in 0..<inputs {
                let input = mutator.next(seeds)
                do {
                    try run(input)
                } catch is WireError {
                    refused += 1
                } catch {
                    let hex = input.prefix(2000).map { String(format: $0) }.joined()
                    Issue.record("\(name) input \(number): \(error) for \(hex)")
                    return refused
                }
            }
            return refused
        }
    }

    static let values = [
        #"[1, -2.5e3, "a\u00e9\ud83d\ude00\n", {"k": [null, true, false]}, NaN]"#,
        #"{"__type__": "datetime", "__value__": "2030-01-02T03:04:05.678900+05:30"}"#,
        #"[{"__type__": "uuid", "__value__": {"hex": "7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"}}, {"__type__": "base64", "__value__": "/wD+"}]"#,
        #"{"__type__": "decimal", "__value__": "1E+5"}"#, "123456789012345678901234567890", #""\ud800\udc00\udc00""#,
    ]

    static let bodies = [
        #"[[2, 3], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#,
        #"["ab", {"k": 1, "k": [2]}, {"chain": [{"task": "t", "args": [1], "kwargs": {}, "options": {"link": []}, "subtask_type": null, "immutable": false}], "chord": {"task": "c"}}]"#,
    ]

    static let signatures = [
        #"{"task": "t", "args": [1, "a"], "kwargs": {"k": null}, "options": {"queue": "q", "link": [{"task": "l"}]}, "subtask_type": null, "immutable": false}"#,
        #"{"args": "ab", "task": "t", "options": null, "custom": {"__type__": "date", "__value__": "2030-01-02"}, "immutable": true}"#,
    ]

    private static func isSignature(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            guard var reader = try? JSONReader(buffer, limits: limits), (try? Signature.check(&reader)) != nil else {
                return false
            }
            return (try? reader.end()) != nil
        }
    }

    static let envelopes = [
        #"{"body": "W1syXSwge30sIG51bGxd", "content-encoding": "utf-8", "content-type": "application/json", "headers": {"lang": "py", "task": "t", "id": "1", "eta": null, "group_index": 1, "retries": 0, "timelimit": [null, 2.5], "stamped_headers": ["a"], "stamps": {}, "x": [1]}, "properties": {"delivery_mode": 2, "delivery_info": {"exchange": "", "routing_key": "c", "redelivered": true}, "priority": 0, "body_encoding": "base64", "delivery_tag": "d"}}"#,
        #"{"body": "{\"task\": \"t\", \"id\": \"1\", \"args\": [1], \"kwargs\": {}, \"taskset\": \"g\"}", "headers": {}}"#,
        #"{"body": {"args": [1], "kwargs": {"a": 1}, "callbacks": [{"task": "x"}]}, "headers": {"task": "t", "id": "1", "redelivered": true}}"#,
    ]

    static let metas = [
        #"{"status": "FAILURE", "result": {"exc_type": "E", "exc_message": ["m"], "exc_module": "b"}, "traceback": "t", "children": [[["a", null], null]], "date_done": null, "task_id": "1"}"#,
        #"{"status": "SUCCESS", "result": 5, "name": "n", "args": [1], "kwargs": {}, "retries": 0, "task_id": "1"}"#,
        "\0celery-compressed\0application/x-gzip\0x",
    ]

    struct Typed: Codable {
        var id: Int
        var names: [String: [Double?]]
        var inner: [Typed]?
        var value: CeleryValue?
    }

    static let typed = [
        #"{"id": 1, "names": {"a": [1, null]}, "inner": [{"id": 2, "names": {}}], "value": {"x": [1]}}"#
    ]

    static func packed(_ values: [String]) -> [[UInt8]] {
        values.compactMap { try? MessagePackSerializer().encode(Fixture.json(Array($0.utf8))) }
    }

    /// What was read must be writable, and read again to the same text.
    static func check(_ serializer: some BodySerializer, _ bytes: [UInt8], limits: WireLimits = limits) throws {
        let value = try serializer.decodeValue(bytes, limits: limits)
        let written = try JSONSerializer().encode(value)
        var wide = WireLimits.standard
        wide.integerDigits = 100_000
        let again = try JSONSerializer().decodeValue(written, limits: wide)
        guard try JSONSerializer().encode(again) == written else { throw Unstable() }
    }

    /// The one failure that is not a ``WireError``.
    struct Unstable: Error {}

    static var targets: [Target] {
        var all = [
            Target(name: "JSON values", inputs: 280_000, seeds: values) { try check(JSONSerializer(), $0) },
            Target(name: "JSON text kept as it is", inputs: 160_000, seeds: values) { bytes in
                // What skipping accepts, reading must accept, and the other way round.
                let kept = try? EncodedValue(json: bytes, limits: limits)
                let read = try? JSONSerializer().decodeValue(bytes, limits: limits)
                guard (kept == nil) == (read == nil) else { throw Unstable() }
                _ = try kept?.decode(as: CeleryValue.self, limits: limits)
            },
            Target(name: "signatures kept as text", inputs: 60_000, seeds: signatures) { bytes in
                let read = try? Signature(json: bytes[...], limits: limits)
                guard isSignature(bytes) == (read != nil) else { throw Unstable() }
            },
            Target(name: "task bodies", inputs: 130_000, seeds: bodies) {
                let body = try TaskBody.decode(json: $0, limits: limits)
                _ = try JSONSerializer().encode(body)
                _ = PythonRepr.arguments(body.arguments) + PythonRepr.keywords(body.keywords)
            },
            Target(name: "envelopes", inputs: 90_000, seeds: envelopes) {
                let message = try Envelope.decode($0, limits: limits)
                let again = try Envelope.decode(Envelope.encode(message))
                guard text(Envelope.encode(again)) == text(Envelope.encode(message)) else { throw Unstable() }
                _ = try WireCodec(acceptContent: ["json", "msgpack"], limits: limits).decodeBody(of: message)
            },
            Target(name: "results", inputs: 70_000, seeds: metas) {
                let codec = WireCodec(limits: limits)
                _ = try codec.encode(try codec.decodeMeta($0))
            },
            Target(name: "typed values", inputs: 70_000, seeds: typed) {
                _ = try EncodedValue(encoding: try EncodedValue(json: $0, limits: limits).decode(as: Typed.self))
            },
            Target(name: "msgpack", inputs: 140_000, seeds: [], packed: packed(values + bodies)) {
                try check(MessagePackSerializer(), $0)
            },
            Target(
                name: "times",
                inputs: 60_000,
                seeds: ["2030-01-02T03:04:05.678900+05:30", "20300102T030405Z", "03:04:05"]
            ) {
                let text = String(decoding: $0, as: UTF8.self)
                if let moment = Timestamp(iso8601: text), Timestamp(iso8601: moment.iso8601) != moment,
                    text.utf8.first != 0x30,
                    !text.hasPrefix("9999")
                {
                    throw Unstable()
                }
                _ = PythonTime(text)?.repr
            },
        ]
        #if YAML
        let documents = [
            "a: &x [1, 2.5, yes]\nb: {<<: {k: v}, c: *x}\n",
            "- 2030-01-02 03:04:05\n- !!binary /wD+\n- 190:20:30\n- |\n  text\n",
        ]
        all.append(Target(name: "YAML", inputs: 60_000, seeds: documents) { try check(YAMLSerializer(), $0) })
        #endif
        for method in CompressionTests.all {
            let seeds = [[], Array("[[2, 3], {}, null]".utf8), Array(repeating: 0, count: 10_000)]
                .compactMap { try? method.compress($0) }
            all.append(
                Target(name: method.names[0], inputs: 6_000, seeds: [], packed: seeds) {
                    guard try method.decompress($0, limit: 4096).count <= 4096 else { throw Unstable() }
                }
            )
        }
        return all
    }

    static let seed: UInt64 = 20_261_122

    @Test("any input gives a value or a WireError", arguments: targets)
    func fuzz(_ target: Target) {
        let refused = target.refusals(Mutator(generator: SplitMix(seed: Self.seed)))
        // A mutator whose every product is refused at the first byte would test nothing.
        #expect(refused < target.inputs)
    }

    @Test("there are a million inputs or more")
    func total() { #expect(Self.targets.map(\.inputs).reduce(0, +) >= 1_000_000) }
}

extension String {
    fileprivate init(format byte: UInt8) {
        self = (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

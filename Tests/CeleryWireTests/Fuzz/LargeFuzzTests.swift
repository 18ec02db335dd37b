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

/// As ``FuzzTests``, with the limits that everybody has and with inputs as large as real ones can be.
@Suite("Fuzzing large inputs", .serialized)
struct LargeFuzzTests {
    private static let limits = WireLimits.standard

    /// Tens of kilobytes each; some at a limit, and some just beyond it.
    private static let values: [String] = {
        let rows = (0..<600)
            .map { #"{"id": \#($0), "name": "row \#($0) é\u00e9\ud83d\ude00", "values": [1.5, null, true, -2e-7]}"# }
        let keys = (0..<2000).map { #""key \#($0)": \#($0)"# }
        let text = String(repeating: #"a\nb\u0041\"é"#, count: 3000)
        let digits = (4299...4301).map { String(repeating: "7", count: $0) }
        let nested = [100, 127, 128, 129, 20_000]
            .flatMap { depth in
                [
                    String(repeating: "[", count: depth) + String(repeating: "]", count: depth),
                    String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth),
                ]
            }
        return ["[\(rows.joined(separator: ", "))]", "{\(keys.joined(separator: ","))}", "\"\(text)\""] + digits
            + nested
    }()

    /// Such values in their places.
    private static func seeds(_ form: (String) -> String) -> [String] { values.map(form) }

    private static func envelope(_ body: String) -> String {
        let text = (try? JSONSerializer().encode(.string(body))).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        return
            #"{"body": \#(text), "content-type": "application/json", "content-encoding": "utf-8", "headers": {"task": "t", "id": "1", "x": \#(body)}, "properties": {"delivery_tag": "d"}}"#
    }

    static var targets: [FuzzTests.Target] {
        var all = [
            FuzzTests.Target(name: "JSON values", inputs: 4000, seeds: values) {
                try FuzzTests.check(JSONSerializer(), $0, limits: limits)
            },
            FuzzTests.Target(
                name: "task bodies",
                inputs: 4000,
                seeds: seeds { "[[\($0)], {\"k\": \($0)}, {\"chain\": []}]" }
            ) {
                let body = try TaskBody.decode(json: $0, limits: limits)
                _ = try JSONSerializer().encode(body)
                _ = PythonRepr.arguments(body.arguments) + PythonRepr.keywords(body.keywords)
                for argument in body.arguments { _ = try argument.value(limits: limits) }
            },
            FuzzTests.Target(name: "envelopes", inputs: 4000, seeds: seeds(envelope)) {
                let message = try Envelope.decode($0, limits: limits)
                _ = Envelope.encode(message)
                _ = try WireCodec(acceptContent: ["json"], limits: limits).decodeBody(of: message)
            },
            FuzzTests.Target(
                name: "results",
                inputs: 4000,
                seeds: seeds { #"{"status": "SUCCESS", "result": \#($0), "children": [], "task_id": "1"}"# }
            ) {
                let codec = WireCodec(limits: limits)
                _ = try codec.encode(try codec.decodeMeta($0))
            },
            FuzzTests.Target(name: "msgpack", inputs: 4000, seeds: [], packed: FuzzTests.packed(values)) {
                try FuzzTests.check(MessagePackSerializer(), $0, limits: limits)
            },
        ]
        #if YAML
        all.append(
            FuzzTests.Target(name: "YAML", inputs: 300, seeds: values.filter { $0.utf8.count < 40_000 }) {
                try FuzzTests.check(YAMLSerializer(), $0, limits: limits)
            }
        )
        #endif
        return all
    }

    @Test("any large input gives a value or a WireError, within the limits that are set by default", arguments: targets)
    func fuzz(_ target: FuzzTests.Target) {
        let refused = target.refusals(Mutator(generator: SplitMix(seed: FuzzTests.seed), longest: 300_000))
        #expect(refused > 0 && refused < target.inputs)
    }
}

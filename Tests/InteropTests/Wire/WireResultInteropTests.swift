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

@Suite("Results between Swift and Python", .serialized, .needsPython)
struct WireResultInteropTests {
    private func base64(_ bytes: [UInt8]) -> CeleryValue { .string(Data(bytes).base64EncodedString()) }

    /// Exceptions as Swift stores them, and what Python rebuilds: class, module and repr.
    static let exceptions: [(info: ExceptionInfo, type: String, module: String, repr: String)] = [
        (
            ExceptionInfo(type: "ValueError", arguments: ["boom", 1], module: "builtins"), "ValueError", "builtins",
            "ValueError('boom', 1)"
        ),
        (
            ExceptionInfo(type: "KeyError", arguments: ["k"], module: "builtins"), "KeyError", "builtins",
            "KeyError('k')"
        ),
        (
            ExceptionInfo(type: "OSError", arguments: [2, "no file"], module: "builtins"), "FileNotFoundError",
            "builtins", "FileNotFoundError(2, 'no file')"
        ),
        (
            ExceptionInfo(type: "Declined", arguments: ["card"], module: "MyApp"), "Declined", "celery.exceptions",
            "Declined('card')"
        ),
        (
            ExceptionInfo(type: "Outer.Inner", arguments: [], module: "MyApp"), "Outer.Inner", "celery.exceptions",
            "Inner()"
        ),
        (ExceptionInfo(type: "NoModule", arguments: ["x"]), "NoModule", "celery.backends.base", "NoModule('x')"),
        (
            ExceptionInfo(type: "CustomError", arguments: [.bytes([0xFF])], module: "__main__"), "CustomError",
            "__main__", "CustomError(b'\\xff')"
        ),
        (
            ExceptionInfo(type: "TaskRevokedError", arguments: ["revoked"], module: "celery.exceptions"),
            "TaskRevokedError", "celery.exceptions", "TaskRevokedError('revoked')"
        ),
        (
            ExceptionInfo(type: "WorkerLostError", arguments: ["gone"], module: "billiard.exceptions"),
            "WorkerLostError", "billiard.exceptions", "WorkerLostError('gone')"
        ),
    ]

    @Test("Python rebuilds the exceptions that Swift stores", arguments: PythonVersion.available)
    func exceptionsToPython(version: PythonVersion) throws {
        let peer = try WirePeer(version)
        for expected in Self.exceptions {
            let meta = TaskMeta(
                taskID: "t",
                state: .failure,
                outcome: .exception(expected.info),
                traceback: "trace",
                dateDone: "2030-01-02T03:04:05+00:00"
            )
            let bytes = try WireCodec().encode(meta)
            let seen = try peer.ask(["op": "fetch", "serializer": "json", "bytes": base64(bytes)])
            #expect(seen["class"] == .string(expected.type), "\(seen)")
            #expect(seen["module"] == .string(expected.module), "\(seen)")
            #expect(seen["result"] == .string(expected.repr), "\(seen)")
        }
    }

    @Test(
        "Python reads the results that Swift stores, in every serializer, compressed or not",
        arguments: PythonVersion.available
    )
    func resultsToPython(version: PythonVersion) throws {
        let peer = try WirePeer(version)
        let value: CeleryValue = ["a": [1, 2.5, nil, true, "h\u{e9}"], "b": .bytes([0xFF])]
        var meta = TaskMeta(
            taskID: "t",
            state: .success,
            outcome: .value(EncodedValue(value)),
            dateDone: "2030-01-02T03:04:05+00:00"
        )
        meta.children = [[["c", nil], nil]]
        meta.groupID = "g"
        meta.extended = TaskMeta.Extended(
            name: "n",
            arguments: [1],
            keywords: ["k": 2],
            worker: "w@h",
            retries: 1,
            queue: "q"
        )
        let codec = interopCodec()
        for serializer in codec.serializers.map(\.name) {
            // 5.6 knows no compressed results.
            for compression in version == .current ? [nil, "gzip"] : [nil] {
                let bytes = try codec.encode(meta, serializer: serializer, compression: compression)
                let seen = try peer.ask(["op": "fetch", "serializer": .string(serializer), "bytes": base64(bytes)])
                #expect(seen["result"] == "{'a': [1, 2.5, None, True, 'hé'], 'b': b'\\xff'}", "\(serializer)")
                #expect(
                    seen["meta"]
                        == .string(
                            "{'status': 'SUCCESS', 'traceback': None, 'children': [[['c', None], None]], 'date_done': "
                                + "'2030-01-02T03:04:05+00:00', 'group_id': 'g', 'name': 'n', 'args': [1], 'kwargs': {'k': 2}, "
                                + "'worker': 'w@h', 'retries': 1, 'queue': 'q', 'task_id': 't'}"
                        ),
                    "\(serializer)"
                )
            }
        }
    }

    @Test(
        "Swift reads the results that Python stores, and writes them back the same",
        arguments: PythonVersion.available
    )
    func resultsFromPython(version: PythonVersion) throws {
        let peer = try WirePeer(version)
        let codec = interopCodec()
        for serializer in codec.serializers.map(\.name) {
            for compression in [nil, "gzip", "zlib"] {
                for (state, value) in [
                    ("SUCCESS", "[1, 2.5, None, 'x', b'\\xff', {'k': 2**63}]"), ("SUCCESS", "None"),
                    ("PROGRESS", "{'done': 3}"),
                    ("FAILURE", "ValueError('boom', 1)"), ("RETRY", "CustomError([1, {'a': None}])"),
                    ("FAILURE", "KeyError()"),
                ] {
                    let text = try peer.ask(
                        [
                            "op": "store", "state": .string(state), "value": .string(value),
                            "serializer": .string(serializer),
                            "compression": compression.map { .string($0) } ?? .null,
                        ],
                        for: "bytes"
                    )
                    let bytes = try Array(#require(Data(base64Encoded: text)))
                    let meta = try codec.decodeMeta(bytes, serializer: serializer)
                    let name = "\(serializer) \(compression ?? "plain") \(value)"
                    #expect(meta.state.rawValue == state, "\(name)")
                    #expect(meta.taskID == "t-1" && meta.groupID == "g-1" && meta.parentID == "p-1", "\(name)")
                    #expect((meta.dateDone != nil) == meta.state.isReady, "\(name)")
                    if case .exception(let exception) = meta.outcome {
                        #expect(exception.repr == value, "\(name)")
                        #expect(meta.traceback?.contains("Traceback") == true)
                    } else {
                        #expect(!meta.state.isException, "\(name)")
                    }
                    let again = try codec.encode(meta, serializer: serializer)
                    let one = try peer.ask(["op": "fetch", "serializer": .string(serializer), "bytes": base64(bytes)])
                    let two = try peer.ask(["op": "fetch", "serializer": .string(serializer), "bytes": base64(again)])
                    #expect(one["result"] == two["result"], "\(name)")
                }
            }
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("Golden reprs")
struct GoldenReprTests {
    /// Cases whose `argsrepr` Python computed from something that the body no longer shows.
    static let notDerivable: [String: String] = [
        "datetime_zoneinfo": "the name of the time zone does not travel",
        "tuple": "tuples travel as lists",
        "dict_nonstr_keys": "keys travel as strings",
        "enum_arg": "the value alone travels",
        "object_with_json": "what __json__ returned travels",
        "argsrepr_override": "the caller set it",
        "args_not_a_list": "a string in place of arguments",
        "map": "tuples travel as lists", "starmap": "tuples travel as lists", "chunks": "tuples travel as lists",
    ]

    @Test("argsrepr and kwargsrepr match what Python wrote", arguments: GoldenTaskTests.files)
    func reprs(_ file: String) throws {
        var compared = 0
        for golden in try GoldenTaskTests.golden(file) {
            let case_ = golden.name.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            guard Self.notDerivable[case_] == nil else { continue }
            let message = try Envelope.decode(Array(golden.envelope.utf8))
            guard message.contentType == "application/json", message.headers.compression == nil else { continue }
            // Signatures inside arguments are dictionaries with classes of their own to Python.
            let body = try WireCodec().decodeBody(of: message)
            guard !text(message.body).hasPrefix("[[{\"task\""), !message.headers.task.hasPrefix("celery.") else {
                continue
            }
            let shown = PythonRepr.arguments(body.arguments)
            if let written = message.headers.argsRepr, written.hasPrefix("[") {
                // Some of Celery's own senders pass a list in place of the tuple.
                #expect(shown.dropFirst().dropLast() == written.dropFirst().dropLast(), "\(golden.name)")
            } else {
                #expect(shown == message.headers.argsRepr, "\(golden.name)")
            }
            #expect(PythonRepr.keywords(body.keywords) == message.headers.kwargsRepr, "\(golden.name)")
            compared += 1
        }
        #expect(compared >= 30)
    }
}

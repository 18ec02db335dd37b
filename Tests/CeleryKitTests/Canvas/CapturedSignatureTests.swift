//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation
import Testing

@testable import CeleryKit

@Suite("Signatures that Python has written")
struct CapturedSignatureTests {
    private struct Captured: Decodable {
        var envelopes: [String]
    }

    /// Those in the bodies of captured messages: what follows a task, and what it is given to send.
    private func signatures(_ file: String) throws -> [Signature] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "CeleryWireTests/Fixtures/\(file)"))
        var signatures: [Signature] = []
        for envelope in try JSONDecoder().decode(Captured.self, from: data).envelopes {
            let body = try WireCodec().decodeBody(of: Envelope.decode(Array(envelope.utf8)))
            signatures += body.embed.callbacks + body.embed.errbacks
            signatures += try body.embed.chain?.signatures() ?? []
            if let chord = body.embed.chord { signatures.append(chord) }
            for keyword in body.keywords {
                guard case .object(let object) = try keyword.value.value(), object["task"] != nil else { continue }
                signatures.append(try Signature(.object(object)))
            }
        }
        return signatures
    }

    @Test(
        "Each is read as a workflow and written as the same again",
        arguments: ["canvas-5.6.json", "canvas-5.7.json"]
    )
    func again(file: String) throws {
        let captured = try signatures(file)
        #expect(captured.count >= 20)
        for signature in captured {
            let again = try CanvasNode(signature).wire()
            #expect(try again.value() == signature.value())
        }
    }
}

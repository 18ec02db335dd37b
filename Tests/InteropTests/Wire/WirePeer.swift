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

/// A Python process that answers one JSON line for each.
final class WirePeer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer: [UInt8] = []

    init(_ version: PythonVersion) throws {
        let interpreter = try version.interpreter()
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        process.executableURL = URL(filePath: interpreter)
        process.arguments = [folder.appending(path: "python/wire_peer.py").path]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Sends a command and waits for its answer; an answer that is an error is thrown.
    func ask(_ command: CeleryObject) throws -> CeleryObject {
        let line = try JSONSerializer().encode(.object(command)) + [UInt8(ascii: "\n")]
        try input.fileHandleForWriting.write(contentsOf: line)
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let answer = Array(buffer[..<end])
                buffer.removeSubrange(...end)
                let value = try JSONSerializer().decodeValue(answer, limits: WireLimits(nestingDepth: 400))
                guard case .object(let object) = value else { throw PeerError(text: "no object: \(value)") }
                if object["error"] != nil {
                    throw PeerError(text: "\(object["traceback"].map(PythonRepr.describe) ?? "")")
                }
                return object
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw PeerError(text: "the Python peer ended") }
            buffer.append(contentsOf: more)
        }
    }

    /// One text of the answer.
    func ask(_ command: CeleryObject, for key: String) throws -> String {
        guard case .string(let text)? = try ask(command)[key] else { throw PeerError(text: "no \(key) in the answer") }
        return text
    }
}

struct PeerError: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason, unless a Python interpreter with Celery is named.
    static var needsPython: Self {
        .enabled(if: !PythonVersion.available.isEmpty, "CELERY_TEST_PYTHON names no interpreter with celery installed")
    }
}

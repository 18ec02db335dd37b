//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The message of a dead letter, read as far as it can be.
struct DeadLetterMessage {
    /// How far that was.
    private enum Reading {
        case body(Message, TaskBody)
        /// The message is one, its body is not.
        case noBody(Message, WireError)
        case nothing(WireError)
    }

    /// Longest text of arguments or bytes on a page; `--json` has all.
    private static let lengthLimit = 4096

    private let raw: [UInt8]
    private let reading: Reading

    /// - Parameter codec: Read with all of its serializers, whatever `accept_content` says: nothing is run here.
    init(_ raw: [UInt8], codec: WireCodec) {
        var codec = codec
        codec.acceptContent = codec.serializers.map(\.name)
        self.raw = raw
        do {
            let message = try Envelope.decode(raw, limits: codec.limits)
            do {
                reading = .body(message, try codec.decodeBody(of: message))
            } catch {
                reading = .noBody(message, error)
            }
        } catch {
            reading = .nothing(error)
        }
    }

    /// Lines for a person: what the task was called with, and how it was sent.
    var lines: [(label: String, text: String)] {
        switch reading {
        case .body(let message, let body):
            let arguments = CeleryValue.array(Self.values(of: body))
            var lines = [
                ("args", Self.shortened(PythonRepr.describe(arguments))),
                ("kwargs", Self.shortened(PythonRepr.describe(.object(Self.keywords(of: body))))),
            ]
            lines += Self.sending(message)
            for (label, next) in [("link", body.embed.callbacks), ("link_error", body.embed.errbacks)]
            where !next.isEmpty {
                lines.append((label, next.map(\.task).joined(separator: ", ")))
            }
            // On the wire the next step is the last.
            if let chain = try? body.embed.chain?.signatures(), !chain.isEmpty {
                lines.append(("chain", chain.reversed().map(\.task).joined(separator: ", ")))
            }
            return lines
        case .noBody(let message, let error):
            return Self.sending(message) + [
                ("body", "\(message.contentType), not readable: \(error.message)"),
                ("bytes", Self.shortened(PythonRepr.describe(.bytes(message.body)))),
            ]
        case .nothing(let error):
            return [
                ("message", "not readable: \(error.message)"),
                ("bytes", Self.shortened(PythonRepr.describe(.bytes(raw)))),
            ]
        }
    }

    /// Everything, for scripts: `args` and `kwargs` where they can be read, and the stored bytes, as text where they are
    /// text and else in base64.
    var members: CeleryObject {
        var object = CeleryObject()
        if case .body(_, let body) = reading {
            object["args"] = .array(Self.values(of: body))
            object["kwargs"] = .object(Self.keywords(of: body))
        }
        if let text = String(validating: raw, as: UTF8.self) {
            object["message"] = .string(text)
        } else {
            object["message"] = .null
            object["message_base64"] = .string(Data(raw).base64EncodedString())
        }
        return object
    }

    private static func sending(_ message: Message) -> [(label: String, text: String)] {
        let headers = message.headers
        let facts: [(String, String?)] = [
            ("retries", headers.retries > 0 ? String(headers.retries) : nil), ("eta", headers.eta),
            ("expires", headers.expires), ("origin", headers.origin),
            ("parent", headers.parentID), ("root", headers.rootID == headers.id ? nil : headers.rootID),
        ]
        return facts.compactMap { label, text in text.map { (label, $0) } }
    }

    private static func values(of body: TaskBody) -> [CeleryValue] { body.arguments.map { (try? $0.value()) ?? .null } }

    private static func keywords(of body: TaskBody) -> CeleryObject {
        body.keywords.reduce(into: [:]) { $0[$1.name] = (try? $1.value.value()) ?? .null }
    }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > lengthLimit else { return text }
        return "\(text.prefix(lengthLimit))… (\(text.utf8.count) bytes; --json prints all)"
    }
}

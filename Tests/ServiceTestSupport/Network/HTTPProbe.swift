//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// One HTTP request over a connection of its own, blocking for at most ten seconds.
package enum HTTPProbe {
    package struct Answer: Sendable {
        package var status: Int
        /// By name in lower case.
        package var headers: [String: String]
        package var body: String
    }

    /// - Throws: ``ServiceError`` when nobody listens or no whole answer comes.
    package static func request(port: Int, _ target: String, method: String = "GET") throws -> Answer {
        let socket = try LoopbackSocket.connection(to: port)
        defer { close(socket) }
        LoopbackSocket.setTimeouts(socket, seconds: 10)
        let request = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        guard LoopbackSocket.write(ArraySlice(request.utf8), to: socket) else {
            throw ServiceError("the request for \(target) could not be sent")
        }
        var bytes: [UInt8] = []
        while true {
            let chunk = LoopbackSocket.read(from: socket)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else {
            throw ServiceError("no answer to \(target): \(text.prefix(200))")
        }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count > 1, let status = Int(words[1]) else { throw ServiceError("no status: \(text.prefix(200))") }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        return Answer(status: status, headers: headers, body: String(text[end.upperBound...]))
    }
}

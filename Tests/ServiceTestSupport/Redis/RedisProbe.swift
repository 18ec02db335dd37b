//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// One connection to a Redis server for one command at a time: for tests to look and to set things up.
///
/// It shares no code with the product, so that an error there cannot hide itself.
package struct RedisProbe: ~Copyable {
    private let socket: Int32
    private var buffer: ArraySlice<UInt8> = []

    package init(path: String) throws {
        socket = try LoopbackSocket.connection(toPath: path)
        LoopbackSocket.setTimeouts(socket, seconds: 10)
    }

    package init(port: Int) throws {
        socket = try LoopbackSocket.connection(to: port)
        LoopbackSocket.setTimeouts(socket, seconds: 10)
    }

    deinit { close(socket) }

    /// - Throws: ``ServiceError`` with the server's own text, or when nothing comes within ten seconds.
    package mutating func command(_ arguments: [String]) throws -> RedisReply {
        try command(arguments.map { Array($0.utf8) })
    }

    /// The same with arguments that are no text.
    package mutating func command(_ arguments: [[UInt8]]) throws -> RedisReply {
        var request = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { request += Array("$\(argument.count)\r\n".utf8) + argument + Array("\r\n".utf8) }
        guard LoopbackSocket.write(request[...], to: socket) else { throw ServiceError("Redis closed the connection") }
        return try reply()
    }

    private mutating func reply() throws -> RedisReply {
        let line = try line()
        let rest = line.dropFirst()
        switch line.first {
        case "+": return .bytes(Array(rest.utf8))
        case "-": throw ServiceError("Redis: \(rest)")
        case ":": return .integer(Int(rest) ?? 0)
        case "$":
            guard let count = Int(rest), count >= 0 else { return .null }
            let bytes = try take(count)
            _ = try take(2)
            return .bytes(bytes)
        case "*":
            guard let count = Int(rest), count >= 0 else { return .null }
            var items: [RedisReply] = []
            for _ in 0..<count { items.append(try reply()) }
            return .array(items)
        default: throw ServiceError("no answer that Redis would give: \(line)")
        }
    }

    private mutating func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[..<end].dropLast()
                buffer = buffer[(end + 1)...]
                return String(decoding: line, as: UTF8.self)
            }
            try more()
        }
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try more() }
        defer { buffer = buffer.dropFirst(count) }
        return Array(buffer.prefix(count))
    }

    private mutating func more() throws {
        let bytes = LoopbackSocket.read(from: socket)
        guard !bytes.isEmpty else { throw ServiceError("Redis did not answer") }
        buffer = ArraySlice(Array(buffer) + bytes)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import NIOCore

/// Commands on their way to the server, already in the form in which they are sent.
///
/// A batch gets as many replies as it has commands, in order.
struct RedisCommands: Sendable {
    private(set) var buffer: ByteBuffer
    private(set) var count = 0
    /// Commands that only pushes answer.
    private(set) var unanswered = 0

    init(capacity: Int = 256) { buffer = ByteBufferAllocator().buffer(capacity: capacity) }

    var isEmpty: Bool { count == 0 }

    /// Adds a command with its arguments.
    mutating func add<each Argument: RESPArgument>(_ name: StaticString, _ arguments: repeat each Argument) {
        var total = 1
        for _ in repeat (each arguments) { total += 1 }
        begin(name, arguments: total - 1)
        repeat (each arguments).write(into: &buffer)
    }

    /// Adds a command whose arguments follow by ``argument(_:)``, exactly so many.
    mutating func begin(_ name: StaticString, arguments: Int) {
        count += 1
        buffer.writeStaticString("*")
        buffer.writeString(String(arguments + 1))
        buffer.writeStaticString("\r\n")
        RESPText.header(name.utf8CodeUnitCount, into: &buffer)
        buffer.writeStaticString(name)
        buffer.writeStaticString("\r\n")
    }

    mutating func argument(_ value: some RESPArgument) { value.write(into: &buffer) }

    /// Adds a command with a list at its end.
    mutating func add<each Argument: RESPArgument>(
        _ name: StaticString,
        _ arguments: repeat each Argument,
        list: some Collection<some RESPArgument>
    ) {
        var total = list.count
        for _ in repeat (each arguments) { total += 1 }
        begin(name, arguments: total)
        repeat (each arguments).write(into: &buffer)
        for element in list { element.write(into: &buffer) }
    }

    /// Adds a command to which only pushes answer, as `SUBSCRIBE` in RESP3: no reply of the batch is its.
    mutating func addUnanswered(_ name: StaticString, list: some Collection<some RESPArgument>) {
        add(name, list: list)
        count -= 1
        unanswered += 1
    }

    mutating func append(_ other: RedisCommands) {
        var bytes = other.buffer
        buffer.writeBuffer(&bytes)
        count += other.count
        unanswered += other.unanswered
    }
}

/// What can be an argument of a command.
protocol RESPArgument: Sendable {
    func write(into buffer: inout ByteBuffer)
}

enum RESPText {
    static func header(_ length: Int, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("$")
        buffer.writeString(String(length))
        buffer.writeStaticString("\r\n")
    }
}

extension String: RESPArgument {
    func write(into buffer: inout ByteBuffer) {
        RESPText.header(utf8.count, into: &buffer)
        buffer.writeString(self)
        buffer.writeStaticString("\r\n")
    }
}

extension [UInt8]: RESPArgument {
    func write(into buffer: inout ByteBuffer) {
        RESPText.header(count, into: &buffer)
        buffer.writeBytes(self)
        buffer.writeStaticString("\r\n")
    }
}

extension Int: RESPArgument {
    func write(into buffer: inout ByteBuffer) { String(self).write(into: &buffer) }
}

extension Int64: RESPArgument {
    func write(into buffer: inout ByteBuffer) { String(self).write(into: &buffer) }
}

extension UInt64: RESPArgument {
    func write(into buffer: inout ByteBuffer) { String(self).write(into: &buffer) }
}
#endif

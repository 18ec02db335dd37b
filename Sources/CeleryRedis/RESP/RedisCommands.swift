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
    /// In bytes.
    var size: Int { buffer.readableBytes }

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
        RESPText.line(UInt8(ascii: "*"), UInt64(arguments + 1), into: &buffer)
        RESPText.header(name.utf8CodeUnitCount, into: &buffer)
        buffer.writeStaticString(name)
        RESPText.end(&buffer)
    }

    mutating func argument(_ value: some RESPArgument) { value.write(into: &buffer) }

    /// Bytes with one before them.
    mutating func argument(_ first: UInt8, _ rest: [UInt8]) {
        RESPText.header(1 + rest.count, into: &buffer)
        buffer.writeInteger(first)
        buffer.writeBytes(rest)
        RESPText.end(&buffer)
    }

    /// Makes room for so many bytes more.
    mutating func reserve(_ bytes: Int) { buffer.reserveCapacity(minimumWritableBytes: bytes) }

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

    /// The commands again, each as its words.
    var words: [[[UInt8]]] {
        var (parser, rest) = (RESPParser(), buffer)
        var commands: [[[UInt8]]] = []
        while let value = try? parser.next(&rest) { commands.append(value.elements.compactMap(\.bytes)) }
        return commands
    }

    mutating func append(_ other: RedisCommands, times: Int = 1) {
        for _ in 0..<times { buffer.writeImmutableBuffer(other.buffer) }
        count += other.count * times
        unanswered += other.unanswered * times
    }
}

/// What can be an argument of a command.
protocol RESPArgument: Sendable {
    func write(into buffer: inout ByteBuffer)
}

enum RESPText {
    static func header(_ length: Int, into buffer: inout ByteBuffer) {
        line(UInt8(ascii: "$"), UInt64(length), into: &buffer)
    }

    static func end(_ buffer: inout ByteBuffer) { buffer.writeInteger(UInt16(0x0D0A)) }

    /// A kind, a number and the line's end, without a string in between.
    static func line(_ kind: UInt8, _ number: UInt64, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 24) { bytes in
            bytes[0] = kind
            let count = 1 + digits(number, into: UnsafeMutableRawBufferPointer(rebasing: bytes[1...]))
            bytes[count] = UInt8(ascii: "\r")
            bytes[count + 1] = UInt8(ascii: "\n")
            return count + 2
        }
    }

    /// Writes a number and returns how many digits it has: 20 at most.
    static func digits(_ number: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int {
        let count = digits(number)
        var (rest, place) = (number, count)
        repeat {
            place -= 1
            bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        return count
    }

    static func digits(_ number: UInt64) -> Int {
        var (rest, count) = (number / 10, 1)
        while rest > 0 {
            rest /= 10
            count += 1
        }
        return count
    }
}

extension String: RESPArgument {
    func write(into buffer: inout ByteBuffer) {
        RESPText.header(utf8.count, into: &buffer)
        buffer.writeString(self)
        RESPText.end(&buffer)
    }
}

extension [UInt8]: RESPArgument {
    func write(into buffer: inout ByteBuffer) {
        RESPText.header(count, into: &buffer)
        buffer.writeBytes(self)
        RESPText.end(&buffer)
    }
}

extension Int: RESPArgument {
    func write(into buffer: inout ByteBuffer) { Int64(self).write(into: &buffer) }
}

extension Int64: RESPArgument {
    func write(into buffer: inout ByteBuffer) {
        guard self < 0 else { return UInt64(self).write(into: &buffer) }
        RESPText.header(1 + RESPText.digits(magnitude), into: &buffer)
        RESPText.line(UInt8(ascii: "-"), magnitude, into: &buffer)
    }
}

extension UInt64: RESPArgument {
    func write(into buffer: inout ByteBuffer) {
        RESPText.header(RESPText.digits(self), into: &buffer)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 24) { bytes in
            let count = RESPText.digits(self, into: bytes)
            bytes[count] = UInt8(ascii: "\r")
            bytes[count + 1] = UInt8(ascii: "\n")
            return count + 2
        }
    }
}
#endif

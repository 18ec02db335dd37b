//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import NIOCore

/// Makes values of bytes, RESP2 and RESP3, as they arrive.
///
/// Each byte is looked at once: what is complete of an aggregate stays on a stack until the rest has come.
struct RESPParser {
    /// The stream is no RESP, or breaks a limit; the connection is of no more use.
    struct Failure: Error, Sendable, Equatable {
        var message: String
    }

    /// What a Redis server allows for one string, in bytes.
    static let stringLimit = 512 << 20
    static let elementLimit = 1 << 26
    static let depthLimit = 16
    private static let lineLimit = 64 << 10

    private enum Kind {
        case array, map, push
        /// Attributes of the value that follows; dropped.
        case attribute

        /// Values for each of what is counted.
        var width: Int { self == .map || self == .attribute ? 2 : 1 }
    }

    private enum Line {
        case value(RESPValue)
        /// A string of so many bytes follows; less than none is null.
        case string(Int)
        case aggregate(Kind, Int)
    }

    private struct Aggregate {
        var kind: Kind
        var missing: Int
        var elements: [RESPValue] = []
    }

    private enum Step {
        case value(RESPValue)
        /// Something was understood that is no value yet.
        case progress
        case needsMore
    }

    private var stack: [Aggregate] = []
    /// Length of a string whose header has been read.
    private var announced: Int?

    /// The next whole value; nil when more bytes are needed. Consumes what it has understood.
    mutating func next(_ buffer: inout ByteBuffer) throws(Failure) -> RESPValue? {
        while true {
            switch try step(&buffer) {
            case .needsMore: return nil
            case .progress: continue
            case .value(let value):
                if let whole = collect(value) { return whole }
            }
        }
    }

    /// Adds a value to what is open; returns what that completes on the outermost level.
    private mutating func collect(_ value: RESPValue) -> RESPValue? {
        var value = value
        while !stack.isEmpty {
            let top = stack.count - 1
            stack[top].elements.append(value)
            stack[top].missing -= 1
            guard stack[top].missing == 0 else { return nil }
            let aggregate = stack.removeLast()
            switch aggregate.kind {
            case .array: value = .array(aggregate.elements)
            case .map: value = .map(aggregate.elements)
            case .push: value = .push(aggregate.elements)
            case .attribute: return nil
            }
        }
        return value
    }

    private mutating func step(_ buffer: inout ByteBuffer) throws(Failure) -> Step {
        if let length = announced {
            guard buffer.readableBytes >= length + 2, let bytes = buffer.readBytes(length: length) else {
                return .needsMore
            }
            buffer.moveReaderIndex(forwardBy: 2)
            announced = nil
            return .value(.string(bytes))
        }
        // The line is read where it lies: most of a reply are lines, and few of them have to be kept.
        let result = buffer.withUnsafeReadableBytes { bytes in Self.line(bytes).map { ($0.end, Self.meaning($0.text)) }
        }
        guard let (end, meaning) = result else {
            guard buffer.readableBytes <= Self.lineLimit else {
                throw Failure(message: "a line is over \(Self.lineLimit) bytes: is that a Redis server?")
            }
            return .needsMore
        }
        buffer.moveReaderIndex(forwardBy: end)
        switch try meaning.get() {
        case .value(let value): return .value(value)
        case .string(let length):
            guard length >= 0 else { return .value(.null) }
            guard length <= Self.stringLimit else {
                throw Failure(message: "a string of \(length) bytes is over the limit of \(Self.stringLimit)")
            }
            announced = length
            return .progress
        case .aggregate(let kind, let count): return try open(kind, count, kind.width)
        }
    }

    /// What a line says, without its end.
    private static func meaning(_ line: UnsafeRawBufferPointer) -> Result<Line, Failure> {
        guard let kind = line.first else {
            return .failure(Failure(message: "an empty line where a reply should begin"))
        }
        let rest = UnsafeRawBufferPointer(rebasing: line.dropFirst())
        do throws(Failure) {
            switch kind {
            case UInt8(ascii: "+"): return .success(.value(status(rest)))
            case UInt8(ascii: ","), UInt8(ascii: "("): return .success(.value(.string(Array(rest))))
            case UInt8(ascii: "-"): return .success(.value(.error(RESPError(String(decoding: rest, as: UTF8.self)))))
            case UInt8(ascii: ":"): return .success(.value(.int(Int64(try number(rest)))))
            case UInt8(ascii: "_"): return .success(.value(.null))
            case UInt8(ascii: "#"): return .success(.value(.int(rest.first == UInt8(ascii: "t") ? 1 : 0)))
            case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"): return .success(.string(try number(rest)))
            case UInt8(ascii: "*"), UInt8(ascii: "~"): return .success(.aggregate(.array, try number(rest)))
            case UInt8(ascii: ">"): return .success(.aggregate(.push, try number(rest)))
            case UInt8(ascii: "%"): return .success(.aggregate(.map, try number(rest)))
            case UInt8(ascii: "|"): return .success(.aggregate(.attribute, try number(rest)))
            default: throw Failure(message: "a reply cannot begin with byte \(kind): is that a Redis server?")
            }
        } catch {
            return .failure(error)
        }
    }

    private static let okay = RESPValue.text("OK")
    private static let queued = RESPValue.text("QUEUED")

    /// Without an array of its own for what stands for nearly every command.
    private static func status(_ text: UnsafeRawBufferPointer) -> RESPValue {
        if text.count == 6, text.elementsEqual("QUEUED".utf8) { return queued }
        if text.count == 2, text.elementsEqual("OK".utf8) { return okay }
        return .string(Array(text))
    }

    private mutating func open(_ kind: Kind, _ count: Int, _ width: Int) throws(Failure) -> Step {
        guard count >= 0 else { return .value(.null) }
        guard count <= Self.elementLimit else {
            throw Failure(message: "\(count) elements are over the limit of \(Self.elementLimit)")
        }
        guard stack.count < Self.depthLimit else {
            throw Failure(message: "a reply is nested deeper than \(Self.depthLimit) levels")
        }
        guard count > 0 else {
            switch kind {
            case .array: return .value(.array([]))
            case .map: return .value(.map([]))
            case .push: return .value(.push([]))
            case .attribute: return .progress
            }
        }
        stack.append(Aggregate(kind: kind, missing: count * width))
        stack[stack.count - 1].elements.reserveCapacity(min(count * width, 1024))
        return .progress
    }

    /// A line without its end, and where the next begins; nil when it is not all there.
    private static func line(_ bytes: UnsafeRawBufferPointer) -> (text: UnsafeRawBufferPointer, end: Int)? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let length = end > 0 && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
        return (UnsafeRawBufferPointer(rebasing: bytes[..<length]), end + 1)
    }

    private static func number(_ digits: UnsafeRawBufferPointer) throws(Failure) -> Int {
        var value = 0
        var isNegative = false
        var rest = digits[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty else { throw Failure(message: "a number is missing in a reply") }
        for digit in rest {
            guard (48...57).contains(digit) else {
                throw Failure(message: "\"\(String(decoding: digits, as: UTF8.self))\" is no number")
            }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit) - 48)
            guard !overflow, !carry else {
                throw Failure(message: "\"\(String(decoding: digits, as: UTF8.self))\" does not fit into 64 bits")
            }
            value = sum
        }
        return isNegative ? -value : value
    }
}
#endif

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
        guard let line = try Self.line(&buffer) else { return .needsMore }
        guard let kind = line.first else { throw Failure(message: "an empty line where a reply should begin") }
        let rest = line.dropFirst()
        switch kind {
        case UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: "("): return .value(.string(Array(rest)))
        case UInt8(ascii: "-"): return .value(.error(RESPError(String(decoding: rest, as: UTF8.self))))
        case UInt8(ascii: ":"): return .value(.int(Int64(try Self.number(rest))))
        case UInt8(ascii: "_"): return .value(.null)
        case UInt8(ascii: "#"): return .value(.int(rest.first == UInt8(ascii: "t") ? 1 : 0))
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            let length = try Self.number(rest)
            guard length >= 0 else { return .value(.null) }
            guard length <= Self.stringLimit else {
                throw Failure(message: "a string of \(length) bytes is over the limit of \(Self.stringLimit)")
            }
            announced = length
            return .progress
        case UInt8(ascii: "*"), UInt8(ascii: "~"): return try open(.array, try Self.number(rest))
        case UInt8(ascii: ">"): return try open(.push, try Self.number(rest))
        case UInt8(ascii: "%"): return try open(.map, try Self.number(rest), 2)
        case UInt8(ascii: "|"): return try open(.attribute, try Self.number(rest), 2)
        default: throw Failure(message: "a reply cannot begin with byte \(kind): is that a Redis server?")
        }
    }

    private mutating func open(_ kind: Kind, _ count: Int, _ width: Int = 1) throws(Failure) -> Step {
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

    /// A line without its end; nil when it is not all there.
    private static func line(_ buffer: inout ByteBuffer) throws(Failure) -> ArraySlice<UInt8>? {
        let view = buffer.readableBytesView
        guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
            guard view.count <= lineLimit else {
                throw Failure(message: "a line is over \(lineLimit) bytes: is that a Redis server?")
            }
            return nil
        }
        let bytes = Array(view[..<end])
        buffer.moveReaderIndex(forwardBy: bytes.count + 1)
        return bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
    }

    private static func number(_ digits: ArraySlice<UInt8>) throws(Failure) -> Int {
        var value = 0
        var isNegative = false
        var rest = digits
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

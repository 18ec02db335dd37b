//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Any value that a Celery message can carry: JSON's own and the tagged ones of kombu.
///
/// Used where types are not known at compile time (custom headers, options, `call` of the command line).
/// Typed arguments and results do not pass through it on the JSON path: see ``EncodedValue``.
public indirect enum CeleryValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int)
    /// An integer beyond 64 bits, in decimal digits with an optional minus sign. Never rounded.
    case bigInteger(String)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case array([CeleryValue])
    case object(CeleryObject)
    /// Python's `datetime`: ISO 8601 text as on the wire, naive or with an offset.
    case datetime(String)
    /// Python's `date`: `2030-01-02`.
    case date(String)
    /// Python's `time`: `03:04:05.000006`.
    case time(String)
    /// Python's `Decimal`, in its own text form (`1.10`, `1E+3`, `NaN`).
    case decimal(String)
    /// Python's `UUID`: 32 lower-case hexadecimal digits.
    case uuid(String)
}

/// An object that keeps the order of its keys. A key set twice keeps its first place and its last value.
public struct CeleryObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The members in order.
    public fileprivate(set) var members: [(key: String, value: CeleryValue)]

    public init() { members = [] }

    public init(dictionaryLiteral elements: (String, CeleryValue)...) {
        members = []
        for (key, value) in elements { self[key] = value }
    }

    public var isEmpty: Bool { members.isEmpty }
    public var count: Int { members.count }
    public var keys: [String] { members.map(\.key) }

    public subscript(key: String) -> CeleryValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// Appends without looking for the key; for decoders that have checked.
    package mutating func appendUnchecked(_ key: String, _ value: CeleryValue) { members.append((key, value)) }

    /// Equal keys with equal values, in any order.
    public static func == (a: CeleryObject, b: CeleryObject) -> Bool {
        guard a.members.count == b.members.count else { return false }
        let inOrder = zip(a.members, b.members).allSatisfy { $0.key == $1.key }
        if inOrder { return zip(a.members, b.members).allSatisfy { $0.value == $1.value } }
        let other = Dictionary(b.members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        return a.members.allSatisfy { other[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(members.count)
        for key in members.map(\.key).sorted() { hasher.combine(key) }
    }
}

extension CeleryObject {
    /// Builds an object member by member without looking through all of them for every key.
    package struct Builder {
        package private(set) var object = CeleryObject()
        private var index: [String: Int] = [:]

        package init() {}

        /// A key set twice keeps its first place and its last value.
        package mutating func set(_ key: String, _ value: CeleryValue) {
            if object.members.count < 12 {
                object[key] = value
                return
            }
            if index.isEmpty { for (place, member) in object.members.enumerated() { index[member.key] = place } }
            if let place = index[key] {
                object.members[place].value = value
            } else {
                index[key] = object.members.count
                object.members.append((key, value))
            }
        }
    }
}

extension CeleryValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: CeleryValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, CeleryValue)...) {
        var object = CeleryObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

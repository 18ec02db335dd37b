//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if YAML
internal import CeleryWire

/// Builds values from events. Depth, the number of aliases and the size of what they stand for are checked before
/// anything is put in their place.
struct YAMLReader {
    /// A value that an alias may stand for.
    private struct Anchored {
        var value: CeleryValue
        var depth: Int
        var weight: Int
    }

    private var source: YAMLEventSource?
    private let limits: WireLimits
    private let maxDepth: Int
    private var anchors: [String: Anchored] = [:]
    private var aliases = 0
    private var depth = 0
    /// Bytes of scalars plus 16 for every value, those behind aliases each time they are named.
    private var weight = 0
    /// The depth of the value read last.
    private var lastDepth = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: WireLimits) {
        source = YAMLEventSource(bytes)
        self.limits = limits
        maxDepth = min(limits.nestingDepth, 512)
    }

    /// Lets go of the parser, which points into borrowed bytes.
    mutating func close() { source = nil }

    private func next() throws(WireError) -> YAMLEvent {
        guard let source else { return .end }
        return try source.next()
    }

    /// Exactly one document; no document at all is null.
    mutating func readDocument() throws(WireError) -> CeleryValue {
        _ = try next()
        guard case .documentStart = try next() else { return .null }
        let value = try readValue(try next())
        _ = try next()
        guard case .end = try next() else { throw WireError(.malformed, "more than one YAML document") }
        return value
    }

    private mutating func add(_ amount: Int, at offset: Int) throws(WireError) {
        weight += amount
        guard weight <= max(limits.messageSize, 1024) * 16 else {
            throw WireError(.limitExceeded, "YAML expands to more than messageSize allows", offset: offset)
        }
    }

    private mutating func readValue(_ event: YAMLEvent) throws(WireError) -> CeleryValue {
        switch event {
        case .alias(let name, let offset): return try expand(name, offset)
        case .scalar(let scalar):
            let before = weight
            try add(scalar.text.utf8.count + 16, at: scalar.offset)
            let value = try YAMLScalars.value(of: scalar, limits: limits)
            lastDepth = 0
            register(scalar.anchor, value, since: before)
            return value
        case .sequenceStart(let anchor, let tag, let offset):
            try check(tag, is: "seq", offset)
            return try readSequence(anchor, offset)
        case .mappingStart(let anchor, let tag, let offset):
            try check(tag, is: "map", offset)
            return try readMapping(anchor, offset)
        default: throw WireError(.malformed, "YAML ends where a value is expected")
        }
    }

    private func check(_ tag: String?, is kind: String, _ offset: Int) throws(WireError) {
        guard let tag, tag != "!", tag != "tag:yaml.org,2002:\(kind)" else { return }
        throw WireError(.malformed, "YAML tag '\(tag.prefix(60))' is not allowed", offset: offset)
    }

    private mutating func descend(_ offset: Int) throws(WireError) {
        depth += 1
        guard depth <= maxDepth else {
            throw WireError(.limitExceeded, "nested deeper than nestingDepth \(maxDepth) allows", offset: offset)
        }
    }

    private mutating func expand(_ name: String, _ offset: Int) throws(WireError) -> CeleryValue {
        guard let anchored = anchors[name] else {
            throw WireError(.malformed, "YAML alias '\(name.prefix(60))' has no anchor before it", offset: offset)
        }
        aliases += 1
        guard aliases <= limits.yamlAliases else {
            throw WireError(.limitExceeded, "more than yamlAliases \(limits.yamlAliases) aliases", offset: offset)
        }
        guard depth + anchored.depth <= maxDepth else {
            throw WireError(.limitExceeded, "nested deeper than nestingDepth \(maxDepth) allows", offset: offset)
        }
        try add(anchored.weight, at: offset)
        lastDepth = anchored.depth
        return anchored.value
    }

    private mutating func register(_ anchor: String?, _ value: CeleryValue, since before: Int) {
        guard let anchor else { return }
        anchors[anchor] = Anchored(value: value, depth: lastDepth, weight: weight - before)
    }

    private mutating func readSequence(_ anchor: String?, _ offset: Int) throws(WireError) -> CeleryValue {
        let before = weight
        try add(16, at: offset)
        try descend(offset)
        var elements: [CeleryValue] = []
        var deepest = 0
        while true {
            let event = try next()
            if case .sequenceEnd = event { break }
            elements.append(try readValue(event))
            deepest = max(deepest, lastDepth)
        }
        depth -= 1
        lastDepth = deepest + 1
        let value = CeleryValue.array(elements)
        register(anchor, value, since: before)
        return value
    }

    private mutating func readMapping(_ anchor: String?, _ offset: Int) throws(WireError) -> CeleryValue {
        let before = weight
        try add(16, at: offset)
        try descend(offset)
        var explicit: [(String, CeleryValue)] = []
        var merged: [CeleryObject] = []
        var deepest = 0
        while true {
            let event = try next()
            if case .mappingEnd = event { break }
            let isMerge = YAMLScalars.isMerge(event)
            let key = try readValue(event)
            guard let name = key.asKey else {
                throw WireError(.malformed, "\(key.kind) as key of a YAML mapping", offset: offset)
            }
            let value = try readValue(try next())
            deepest = max(deepest, lastDepth)
            if isMerge { merged += try Self.sources(of: value, offset) } else { explicit.append((name, value)) }
        }
        depth -= 1
        lastDepth = deepest + 1
        let value = CeleryValue.taggedOrObject(Self.object(merged, explicit))
        register(anchor, value, since: before)
        return value
    }

    /// The mappings that `<<` names, in order.
    private static func sources(of value: CeleryValue, _ offset: Int) throws(WireError) -> [CeleryObject] {
        switch value {
        case .object(let object): return [object]
        case .array(let elements):
            var objects: [CeleryObject] = []
            for element in elements { objects += try sources(of: element, offset) }
            return objects
        default:
            throw WireError(.malformed, "YAML merge with \(value.kind) in place of a mapping", offset: offset)
        }
    }

    /// What is merged comes first; earlier sources and explicit members win.
    private static func object(_ merged: [CeleryObject], _ explicit: [(String, CeleryValue)]) -> CeleryObject {
        var builder = CeleryObject.Builder()
        for source in merged.reversed() { for (key, value) in source.members { builder.set(key, value) } }
        for (key, value) in explicit { builder.set(key, value) }
        return builder.object
    }
}
#endif

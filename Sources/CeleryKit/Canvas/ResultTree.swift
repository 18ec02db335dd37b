//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

/// The ids of a workflow's results: what it comes to, and what was before that.
///
/// As a tuple, which is how Python stores it: `[[id, parent], null]` of a task, `[[id, parent], [child, …]]` of a group.
package indirect enum ResultTree: Sendable, Equatable {
    case task(id: String, parent: ResultTree?)
    case group(id: String, parent: ResultTree?, children: [ResultTree])

    package var id: String {
        switch self {
        case .task(let id, _), .group(let id, _, _): id
        }
    }

    package var parent: ResultTree? {
        switch self {
        case .task(_, let parent), .group(_, let parent, _): parent
        }
    }

    /// What a task that sent this lists among its children: what starts first, as Celery does, and what follows directly on a group.
    /// Celery leaves the latter out, so that nobody finds the body of a chord from there.
    var asChildren: [ResultTree] {
        var way = [self]
        while let parent = way[0].parent { way.insert(parent, at: 0) }
        var children = [way[0]]
        for (before, next) in zip(way, way.dropFirst()) {
            guard case .group = before else { break }
            children.append(next)
        }
        return children
    }

    package var tuple: CeleryValue {
        let head = CeleryValue.array([.string(id), parent?.tuple ?? .null])
        switch self {
        case .task: return .array([head, .null])
        case .group(_, _, let children): return .array([head, .array(children.map(\.tuple))])
        }
    }

    /// Reads a tuple.
    ///
    /// - Throws: ``WireError`` `.malformed` for anything else.
    package init(tuple: CeleryValue) throws(WireError) {
        guard case .array(let pair) = tuple, let first = pair.first else {
            throw WireError(.malformed, "a result tuple is \(tuple.kind)")
        }
        let (id, parent) = try Self.head(first)
        guard pair.count > 1, case .array(let elements) = pair[1] else {
            self = .task(id: id, parent: parent)
            return
        }
        var children: [ResultTree] = []
        for element in elements { children.append(try ResultTree(tuple: element)) }
        self = .group(id: id, parent: parent, children: children)
    }

    /// An id, or an id with a parent.
    private static func head(_ value: CeleryValue) throws(WireError) -> (String, ResultTree?) {
        switch value {
        case .string(let id): return (id, nil)
        case .array(let parts):
            guard case .string(let id)? = parts.first else { break }
            guard parts.count > 1, parts[1] != .null else { return (id, nil) }
            return (id, try ResultTree(tuple: parts[1]))
        default: break
        }
        throw WireError(.malformed, "a result tuple begins with \(value.kind), not with an id")
    }

    /// Ids of the tasks that it comes to, in order.
    package var leaves: [String] {
        switch self {
        case .task(let id, _): [id]
        case .group(_, _, let children): children.flatMap(\.leaves)
        }
    }

    /// Every task and group in it, what was before included, each once.
    package var all: [ResultTree] {
        var found = parent?.all ?? []
        if case .group(_, _, let children) = self {
            for child in children { found += child.all }
        }
        return found + [self]
    }

    /// What the body of a chord is given whose header this is: what each part came to, nested in the same way, and behind that what was
    /// added to the chord.
    package func results(of parts: [(id: String, value: EncodedValue)]) throws(WireError) -> EncodedValue {
        let values = Dictionary(parts.map { ($0.id, $0.value) }, uniquingKeysWith: { first, _ in first })
        guard case .group(_, _, let children) = self else { return try value { values[$0] ?? .null } }
        var results: [EncodedValue] = []
        for child in children { results.append(try child.value { values[$0] ?? .null }) }
        let own = Set(leaves)
        for part in parts where !own.contains(part.id) { results.append(part.value) }
        return try EncodedValue(array: results)
    }
}

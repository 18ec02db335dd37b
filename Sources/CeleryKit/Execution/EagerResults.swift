//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization

/// What tasks came to that ran in this process instead of being sent.
final class EagerResults: Sendable {
    private let metas = Mutex<[String: TaskMeta]>([:])

    subscript(id: String) -> TaskMeta? { metas.withLock { $0[id] } }

    func metas(of ids: [String]) -> [String: TaskMeta] {
        metas.withLock { known in
            var found: [String: TaskMeta] = [:]
            for id in ids { found[id] = known[id] }
            return found
        }
    }

    func store(_ meta: TaskMeta) { metas.withLock { $0[meta.taskID] = meta } }
}

/// The parts of chords that have ended in this process.
final class EagerChords: Sendable {
    /// A part that has ended.
    struct Part {
        var index: Int?
        var id: String
        var end: TaskMeta.Outcome
    }

    private struct Chord {
        var start: ChordStart?
        var extra = 0
        var parts: [Part] = []
    }

    private let chords = Mutex<[String: Chord]>([:])

    func start(_ starts: [ChordStart]) {
        chords.withLock { chords in
            for start in starts { chords[start.groupID, default: Chord()].start = start }
        }
    }

    func extend(_ groupID: String, by count: Int) {
        chords.withLock { $0[groupID, default: Chord()].extra += count }
    }

    /// Counts a part. When it was the last: what the body is given, or the part that failed.
    func count(_ part: Part, of groupID: String) throws(WireError) -> Completion? {
        let complete = chords.withLock { chords -> (ChordStart, [Part])? in
            chords[groupID, default: Chord()].parts.append(part)
            guard let chord = chords[groupID], let start = chord.start, chord.parts.count == start.size + chord.extra
            else { return nil }
            chords[groupID] = nil
            return (start, chord.parts)
        }
        guard let (start, parts) = complete else { return nil }
        // Stable: parts without a place go last, in the order in which they ended.
        let places = parts.enumerated()
            .sorted { ($0.element.index ?? .max, $0.offset) < ($1.element.index ?? .max, $1.offset) }
        var values: [(String, EncodedValue)] = []
        for (_, part) in places {
            switch part.end {
            case .value(let value): values.append((part.id, value))
            case .exception(let exception): return .failed(part.id, exception)
            }
        }
        guard let nested = start.nested else { return .results(try EncodedValue(array: values.map(\.1))) }
        return .results(try ResultTree(tuple: nested).results(of: values.map { (id: $0.0, value: $0.1) }))
    }

    enum Completion {
        case results(EncodedValue)
        case failed(String, ExceptionInfo)
    }
}

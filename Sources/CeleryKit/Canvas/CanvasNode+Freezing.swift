//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

extension CanvasNode {
    /// Gives every part an id that has none yet, and says what they are.
    ///
    /// - Parameters:
    ///   - parent: The result before this one.
    ///   - make: Makes ids; called in a fixed order, so that derived ones come out the same again.
    package mutating func freeze(parent: ResultTree? = nil, _ make: () -> String) -> ResultTree {
        switch shape {
        case .call:
            let id = self.id ?? make()
            self.id = id
            return .task(id: id, parent: parent)
        case .chain(var steps):
            var result = parent
            for index in steps.indices { result = steps[index].freeze(parent: result, make) }
            shape = .chain(steps)
            id = result?.id
            return result ?? .group(id: make(), parent: parent, children: [])
        case .group(var members):
            let id = self.id ?? make()
            var children: [ResultTree] = []
            for index in members.indices {
                children.append(members[index].freeze(make))
                if case .call = members[index].shape { members[index].continuation.groupIndex = index }
            }
            shape = .group(members)
            self.id = id
            return .group(id: id, parent: parent, children: children)
        case .chord(var header, var body):
            if header.id == nil { header.id = id }
            let before = header.freeze(parent: parent, make)
            let result = body.freeze(parent: before, make)
            shape = .chord(header: header, body: body)
            id = before.id
            return result
        }
    }

    /// Whether there is a chord in it whose parts are to be counted.
    var hasChord: Bool {
        switch shape {
        case .call: false
        case .chain(let steps): steps.contains(where: \.hasChord)
        case .group(let members): members.contains(where: \.hasChord)
        case .chord(let header, let body): header.size > 0 || header.hasChord || body.hasChord
        }
    }

    /// The chords in it that have ids, and how many parts each has.
    var knownChords: [(id: String, size: Int)] {
        switch shape {
        case .call: []
        case .chain(let steps): steps.flatMap(\.knownChords)
        case .group(let members): members.flatMap(\.knownChords)
        case .chord(let header, let body):
            (header.size > 0 ? header.id.map { [(id: $0, size: header.size)] } ?? [] : [])
                + header.knownChords + body.knownChords
        }
    }

    /// Changes every call in it.
    mutating func changeCalls(_ change: (inout CanvasNode) -> Void) {
        switch shape {
        case .call: change(&self)
        case .chain(var steps):
            for index in steps.indices { steps[index].changeCalls(change) }
            shape = .chain(steps)
        case .group(var members):
            for index in members.indices { members[index].changeCalls(change) }
            shape = .group(members)
        case .chord(var header, var body):
            header.changeCalls(change)
            body.changeCalls(change)
            shape = .chord(header: header, body: body)
        }
    }

    /// Every call in it, once it is ``pushed()``: headers and what follows by the options of a call are included.
    package var calls: [CanvasNode] {
        switch shape {
        case .call:
            [self]
                + ((try? continuation.chain?.signatures()) ?? []).reversed().flatMap { CanvasNode.calls(of: $0) }
        case .chain(let steps): steps.flatMap(\.calls)
        case .group(let members): members.flatMap(\.calls)
        case .chord(let header, let body): header.calls + body.calls
        }
    }

    /// Every call in what a signature stands for; of a malformed one those in it that can be read. They end all the same.
    package static func calls(of signature: Signature) -> [CanvasNode] {
        if let node = try? CanvasNode(signature).pushed() { return node.calls }
        var calls: [CanvasNode] = []
        for name in ["tasks", "header", "body"] {
            guard let value = try? signature.keywords.first(where: { $0.name == name })?.value.value() else { continue }
            var parts = [value]
            if case .array(let elements) = value { parts = elements }
            for part in parts {
                if let part = try? Signature(part) { calls += Self.calls(of: part) }
            }
        }
        guard calls.isEmpty else { return calls }
        // What is wrong is what it would have sent, then: that cannot be read, but its place can.
        var call = CanvasNode(call: signature)
        var options = signature.options
        for name in ["chain", "link", "link_error"] { options[name] = nil }
        if let place = try? Continuation(takingFrom: &options) { call.continuation = place }
        call.signature.options = options
        return [call]
    }
}

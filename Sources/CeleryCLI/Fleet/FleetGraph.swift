//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

/// A fleet in Graphviz's language.
struct FleetGraph {
    struct Worker: Equatable {
        var name: String
        var slots: Int
    }

    var workers: [Worker]
    var broker: String
    var backend: String
    /// More are drawn as one between the others; 0 draws all.
    var workerLimit: Int
    var slotLimit: Int

    /// `Broker (redis://)`.
    static func generic(_ location: String, _ kind: String) -> String {
        let scheme = location.firstRange(of: "://").map { String(location[..<$0.lowerBound]) } ?? "file"
        return "\(kind) (\(scheme)://)"
    }

    /// All of it, for scripts: `{"broker", "backend", "workers": [{"name", "slots"}]}`.
    var value: CeleryValue {
        let workers = workers.map { CeleryValue.object(["name": .string($0.name), "slots": .int($0.slots)]) }
        return ["broker": .string(broker), "backend": .string(backend), "workers": .array(workers)]
    }

    var text: String {
        var lines = [
            "digraph workers {", "    rankdir=LR;", "    node [shape=box, style=filled, fontname=\"sans-serif\"];",
            node("broker", broker, "shape=circle, fillcolor=cadetblue3"),
            node("backend", backend, "shape=folder, fillcolor=peachpuff3"),
        ]
        for (index, entry) in Self.shortened(workers, limit: workerLimit, { "\($0) more workers" }).enumerated() {
            let id = "worker\(index)"
            switch entry {
            case .more(let label): lines.append(node(id, label, "style=dashed"))
            case .one(let worker):
                lines.append(node(id, worker.name, "fillcolor=darkseagreen3"))
                lines += slots(of: worker, id)
            }
            lines.append("    \(id) -> broker;")
            lines.append("    \(id) -> backend;")
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    private func slots(of worker: Worker, _ id: String) -> [String] {
        let numbers = Self.shortened(Array(0..<worker.slots), limit: slotLimit) { "\($0) more" }
        return numbers.enumerated()
            .flatMap { index, entry -> [String] in
                let label = if case .one(let number) = entry { "P\(number + 1)" } else { entry.label }
                return [
                    node("\(id)slot\(index)", label, "shape=oval, fontsize=10, fillcolor=lightcyan3"),
                    "    \(id)slot\(index) -> \(id) [arrowhead=none];",
                ]
            }
    }

    private func node(_ id: String, _ label: String, _ look: String) -> String {
        let quoted = label.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "    \(id) [label=\"\(quoted)\", \(look)];"
    }

    private enum Entry<Element> {
        case one(Element)
        case more(String)

        var label: String { if case .more(let text) = self { text } else { "" } }
    }

    /// The first ones and the last, with a word for those between.
    private static func shortened<Element>(
        _ elements: [Element],
        limit: Int,
        _ word: (Int) -> String
    ) -> [Entry<Element>] {
        guard limit > 0, elements.count > limit, let last = elements.last else { return elements.map { .one($0) } }
        let first = elements.prefix(max(0, limit - 2)).map { Entry.one($0) }
        return first + [.more(word(elements.count - first.count - 1)), .one(last)]
    }
}

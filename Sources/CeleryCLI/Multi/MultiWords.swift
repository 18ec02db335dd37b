//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

/// The words behind `celery multi COMMAND`: names of nodes, options for all of them, and options for some (`-c:1-3 10`).
///
/// Read as Celery reads them: a short option takes the next word as its value unless that begins with a dash, a long one has its value
/// behind `=`. Source: `NamespacedOptionParser` of `celery/apps/multi.py`. Unlike there, a signal (`-9`, `-TERM`) takes no value and is
/// no option of the workers.
struct MultiWords: Equatable {
    /// Options for those nodes that the text behind the colon names.
    struct Namespace: Equatable {
        var name: String
        var options: OptionList
    }

    private(set) var names: [String] = []
    private(set) var options = OptionList()
    /// In the order in which they were first mentioned.
    var namespaces: [Namespace] = []
    /// `--` and what is behind it.
    private(set) var passthrough: [String] = []
    /// The last one that was named; nil for none.
    private(set) var signal: NamedSignal?

    init(_ words: [String]) throws(CommandFailure) {
        var rest = words.filter { !$0.isEmpty }[...]
        while let word = rest.popFirst() {
            if word == "--" {
                passthrough = ["--"] + rest
                return
            } else if word == "-" {
                throw .usage("celery multi: '-' is neither a node nor an option", help: "multi")
            } else if word.hasPrefix("--") {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                try add("--", String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
            } else if word.hasPrefix("-") {
                if let signal = NamedSignal(option: word) {
                    self.signal = signal
                    continue
                }
                let takesNext = rest.first.map { !$0.hasPrefix("-") } ?? false
                try add("-", String(word.dropFirst()), takesNext ? rest.popFirst() : nil)
            } else {
                names.append(word)
            }
        }
    }

    private mutating func add(_ dashes: String, _ text: String, _ value: String?) throws(CommandFailure) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, !parts[0].isEmpty, parts.last != "" else {
            throw .usage(
                "celery multi: '\(dashes)\(text)' is no option; for some nodes it is \(dashes)OPTION:NODES",
                help: "multi"
            )
        }
        guard parts.count == 2 else { return options.set(dashes + parts[0], value) }
        var options = options(of: parts[1])
        options.set(dashes + parts[0], value)
        set(options, of: parts[1])
    }

    func has(_ namespace: String) -> Bool { namespaces.contains { $0.name == namespace } }

    func options(of namespace: String) -> OptionList {
        namespaces.first { $0.name == namespace }?.options ?? OptionList()
    }

    mutating func set(_ options: OptionList, of namespace: String) {
        if let index = namespaces.firstIndex(where: { $0.name == namespace }) {
            namespaces[index].options = options
        } else {
            namespaces.append(Namespace(name: namespace, options: options))
        }
    }

    mutating func merge(_ options: OptionList, into namespace: String) {
        var merged = self.options(of: namespace)
        merged.merge(options)
        set(merged, of: namespace)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

/// Which nodes the words of a command line make.
///
/// Source: `MultiParser` of `celery/apps/multi.py`, as of Celery 5.7.
struct MultiPlan: Equatable {
    /// More are a mistake.
    private static let limit = 10_000

    private(set) var nodes: [MultiNode] = []

    /// - Parameter hostname: Of this machine.
    /// - Throws: ``CommandFailure`` with code 64 for words that make no sense.
    init(_ words: MultiWords, hostname: String) throws(CommandFailure) {
        var words = words
        var options = words.options
        try Self.checkValues(words)
        let command = Self.words(options.take("--cmd") ?? "worker --detach")
        let append = Self.words(options.take("--append") ?? "")
        let host = options.take("--hostname", "-n") ?? hostname
        var prefix = options.take("--prefix") ?? ""
        var suffix = options.take("--suffix") ?? host
        if suffix.isEmpty { suffix = host }
        if ["\"\"", "''"].contains(suffix) { suffix = "" }
        let rangePrefix = options.take("--range-prefix") ?? ""
        var names = words.names
        if names.count == 1, let count = Int(names[0]) {
            guard (1...Self.limit).contains(count) else {
                throw .usage("celery multi: \(count) nodes; there have to be 1 to \(Self.limit)", help: "multi")
            }
            names = (1...count).map(String.init)
            prefix = rangePrefix.isEmpty ? "celery" : rangePrefix
            // Members of ranges that there are not are left out.
            try Self.applyNumbers(&words, names)
            try Self.applyLists(&words, hasRanges: true)
        } else {
            try Self.applyLists(&words, hasRanges: false)
            try Self.applyNumbers(&words, names)
        }
        guard !names.isEmpty else {
            throw .usage("celery multi: name the nodes, or say how many: celery multi start 3", help: "multi")
        }
        for name in names {
            let (short, full) = try Self.fullName(name, prefix: prefix, suffix: suffix, hostname: hostname)
            var merged = options
            merged.merge(words.options(of: words.has(full) ? full : short))
            nodes.append(
                MultiNode(full, options: merged, command: command, append: append, passthrough: words.passthrough)
            )
        }
        try checkNames()
    }

    /// Two of one name would be one for everybody else.
    private func checkNames() throws(CommandFailure) {
        var seen: Set<String> = []
        for node in nodes where !seen.insert(node.name).inserted {
            throw .usage("celery multi: there are two nodes \(node.name)", help: "multi")
        }
    }

    /// A long option without its value, as in `--concurrency 3`, would take 3 for a node.
    private static func checkValues(_ words: MultiWords) throws(CommandFailure) {
        let valued = OptionEnvironment.entries(of: "worker").filter { !$0.isFlag }.map { "--\($0.option)" }
        let lists = [words.options] + words.namespaces.map(\.options)
        for entry in lists.flatMap(\.entries) where entry.value == nil && valued.contains(entry.name) {
            throw .usage("celery multi: write the value of \(entry.name) behind =: \(entry.name)=…", help: "multi")
        }
    }

    /// The name that options are given to, and the node's name.
    private static func fullName(
        _ name: String,
        prefix: String,
        suffix: String,
        hostname: String
    ) throws(CommandFailure) -> (short: String, full: String) {
        let label = hostname.split(separator: ".", maxSplits: 1).map(String.init)
        let values: [Character: String] = [
            "h": hostname, "n": label.first ?? "", "d": label.count > 1 ? label[1] : "", "i": "0", "I": "",
        ]
        if name.contains("@") {
            let full = try Placeholders.expand(name, values)
            return (String(full.prefix { $0 != "@" }), full)
        }
        return (name, try Placeholders.expand("\(prefix)\(name)@\(suffix)", values))
    }

    /// `-c:1` means the first node, whatever its name.
    private static func applyNumbers(_ words: inout MultiWords, _ names: [String]) throws(CommandFailure) {
        for namespace in words.namespaces where namespace.name.allSatisfy({ $0.isASCII && $0.isNumber }) {
            guard let number = Int(namespace.name), number >= 1 else {
                throw .usage("celery multi: nodes are numbered from 1, and ':\(namespace.name)' is none", help: "multi")
            }
            guard number <= names.count else {
                let count = names.count == 1 ? "there is 1" : "there are \(names.count)"
                throw .usage("celery multi: there is no node ':\(namespace.name)'; \(count)", help: "multi")
            }
            words.merge(words.options(of: namespace.name), into: names[number - 1])
        }
    }

    /// `-c:1,3` and, where nodes are counted, `-c:2-5`.
    private static func applyLists(_ words: inout MultiWords, hasRanges: Bool) throws(CommandFailure) {
        for namespace in words.namespaces
        where namespace.name.contains(",") || hasRanges && namespace.name.contains("-") {
            for member in try members(of: namespace.name, hasRanges: hasRanges) {
                words.merge(namespace.options, into: member)
            }
            words.namespaces.removeAll { $0.name == namespace.name }
        }
    }

    private static func members(of list: String, hasRanges: Bool) throws(CommandFailure) -> [String] {
        var members: [String] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            guard hasRanges, part.contains("-") else {
                members.append(part)
                continue
            }
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count == 2, let first = ends[0], let last = ends[1], last <= limit else {
                throw .usage("celery multi: ':\(part)' is no range of nodes; 1-3 is one", help: "multi")
            }
            if first <= last { members += (first...last).map(String.init) }
        }
        return members
    }

    /// Words of a text, without the names of Python's program.
    private static func words(_ text: String) -> [String] {
        let words = text.split(separator: " ").map(String.init)
        return Array(words.drop { $0 == "-m" || $0 == "celery" })
    }
}

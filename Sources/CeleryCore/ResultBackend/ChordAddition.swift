//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a task adds to the chord that it is a part of, as text: `adder/attempt/number`, then each part that is waited for as `id:index`.
///
/// So whoever settles the failed end of the adder knows which parts may never have been sent.
package struct ChordAddition: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        package var taskID: String
        package var index: Int?

        package init(taskID: String, index: Int?) {
            self.taskID = taskID
            self.index = index
        }
    }

    /// What the names of a task's additions begin with.
    package static func prefix(of adder: String) -> String { adder + "/" }

    package var name: String
    package var parts: [Part]

    package init(adder: String, attempt: Int, number: Int, parts: [Part]) {
        name = "\(Self.prefix(of: adder))\(attempt)/\(number)"
        self.parts = parts
    }

    package init(_ text: String) {
        var words = text.split(separator: " ")
        name = words.isEmpty ? "" : String(words.removeFirst())
        parts = words.compactMap { word in
            guard let cut = word.lastIndex(of: ":") else { return nil }
            return Part(taskID: String(word[..<cut]), index: Int(word[word.index(after: cut)...]))
        }
    }

    package var text: String {
        parts.reduce(into: name) { $0 += " \($1.taskID):\($1.index.map(String.init) ?? "")" }
    }

    /// A name, and what is kept with it.
    package static func split(_ text: String) -> (name: String, rest: String) {
        guard let cut = text.firstIndex(of: " ") else { return (text, "") }
        return (String(text[..<cut]), String(text[text.index(after: cut)...]))
    }

    package static func joined(_ name: String, _ rest: String) -> String { rest.isEmpty ? name : "\(name) \(rest)" }
}

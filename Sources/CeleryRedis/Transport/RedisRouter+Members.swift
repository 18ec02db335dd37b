//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// How kombu writes bindings.
extension RedisRouter {
    /// Routing key, pattern and queue; the pattern is a regular expression for topics and empty otherwise.
    static func member(_ binding: Binding, separator: String) -> String {
        let pattern = binding.kind == .topic ? pattern(of: binding.routingKey) : ""
        return [binding.routingKey, pattern, binding.queue].joined(separator: separator)
    }

    /// As kombu 5.7 writes it. 5.6, whose `*` may be several words, uses what it finds there as it is, so that it learns the better one.
    private static func pattern(of key: String) -> String {
        let words = key.split(separator: ".", omittingEmptySubsequences: false)
            .map { word -> String in
                switch word {
                case "#": ".*?"
                case "*": "[^\\.]+"
                default: escaped(word)
                }
            }
        return "^" + words.joined(separator: "\\.") + "$"
    }

    /// With a backslash before all but letters and digits: an expression that Python cannot read fails every publish to the exchange.
    /// Kombu spares a `*` inside a word, which is none when it comes first; here it stands for itself, as it does for us.
    private static func escaped(_ word: Substring) -> String {
        word.unicodeScalars
            .map { scalar -> String in
                if scalar == "#" || isAlphanumeric(scalar) { return String(scalar) }
                return scalar == "\0" ? "\\000" : "\\" + String(scalar)
            }
            .joined()
    }

    /// What Python's `isalnum` says.
    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: scalar.properties.numericType != nil
        }
    }
}
#endif

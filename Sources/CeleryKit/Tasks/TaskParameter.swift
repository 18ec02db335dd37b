//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// The name of a parameter, and what it is when a caller leaves it out.
public struct TaskParameter: Sendable, ExpressibleByStringLiteral {
    public var name: String
    /// In encoded form; nil when the parameter is required (or Optional, which defaults to nil).
    public var defaultValue: EncodedValue?

    public init(_ name: String) { self.name = name }

    public init(stringLiteral value: String) { name = value }

    /// A parameter with a default value of its type. A default that has no form on the wire counts as none.
    public init(_ name: String, default value: some Encodable & Sendable) {
        self.name = name
        defaultValue = try? EncodedValue(encoding: value)
    }

    /// The name, and its snake_case form when that differs: `orderID` is also `order_id`.
    static func spellings(_ name: String) -> [String] {
        var snake = ""
        var previousLower = false
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            if character.isUppercase {
                let nextLower = index + 1 < characters.count && characters[index + 1].isLowercase
                if index > 0, previousLower || nextLower, snake.last != "_" { snake.append("_") }
                snake.append(contentsOf: character.lowercased())
                previousLower = false
            } else {
                snake.append(character)
                previousLower = character.isLowercase || character.isNumber
            }
        }
        return snake == name ? [name] : [name, snake]
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A setting that cannot be taken as given.
public struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with it, in kind.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Kind: String { case unknown, oldName, invalid, unreadable }
        let kind: Kind

        /// No setting has that name; ``SettingsError/suggestion`` is the nearest one that exists.
        public static let unknown = Code(kind: .unknown)
        /// A name of Celery 3, or one with Django's prefix; ``SettingsError/suggestion`` is today's.
        public static let oldName = Code(kind: .oldName)
        /// The name is right, the value is of a wrong type or out of range.
        public static let invalid = Code(kind: .invalid)
        /// The file with the settings cannot be read as such.
        public static let unreadable = Code(kind: .unreadable)

        public var description: String { kind.rawValue }
    }

    public var code: Code
    /// The setting as it was written.
    public var name: String
    /// The nearest existing name, or today's.
    public var suggestion: String?
    /// For a person: names the setting, the value, where it came from and what was expected.
    public var message: String

    public init(_ code: Code, name: String, suggestion: String? = nil, message: String) {
        self.code = code
        self.name = name
        self.suggestion = suggestion
        self.message = message
    }

    public var description: String { message }
}

/// Where the value of a setting comes from, for messages.
public struct SettingsOrigin: Sendable, Hashable, CustomStringConvertible {
    /// `in celery.json`, `from the environment`.
    public var description: String
    public init(_ description: String) { self.description = description }

    public static let code = SettingsOrigin("in code")
    public static let environment = SettingsOrigin("from the environment")
    public static let commandLine = SettingsOrigin("on the command line")
    public static func file(_ path: String) -> SettingsOrigin { SettingsOrigin("in \(path)") }
}

/// A setting that was accepted but does not do what its author may expect.
public struct SettingsWarning: Sendable, Hashable, CustomStringConvertible {
    public var name: String
    /// One sentence that names the setting and says why.
    public var description: String

    public init(name: String, _ description: String) {
        self.name = name
        self.description = description
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// An exception as stored by a result backend.
///
/// **Shape:** `{"exc_type", "exc_message", "exc_module"}`; Python calls the class with the items of `exc_message`.
public struct ExceptionInfo: Sendable, Equatable {
    /// Qualified class name.
    public var type: String
    /// Arguments of the constructor.
    public var arguments: [CeleryValue]
    /// Module of the class; `builtins` or a module string that is no Python module's. Nil when absent.
    public var module: String?

    public init(type: String, arguments: [CeleryValue] = [], module: String? = nil) {
        self.type = type
        self.arguments = arguments
        self.module = module
    }

    /// The arguments as one line of text: the only one's own text, or all of them in Python's notation.
    public var message: String {
        switch arguments.count {
        case 0: return ""
        case 1:
            if case .string(let text) = arguments[0] { return text }
            return PythonRepr.describe(arguments[0])
        default: return "(" + arguments.map { PythonRepr.describe($0) }.joined(separator: ", ") + ")"
        }
    }

    /// `ValueError('boom', 1)`, as Python's `repr` would say.
    public var repr: String { "\(type)(" + arguments.map { PythonRepr.describe($0) }.joined(separator: ", ") + ")" }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Hands out the arguments of a call one parameter after the other: positional, then by keyword, then by default.
///
/// Errors are worded as Python words its `TypeError`s, with the expected and the given type.
final class ArgumentReader {
    private let task: String
    private let parameters: [TaskParameter]
    private let arguments: [EncodedValue]
    private var keywords: [TaskBody.Keyword]
    private var index = 0

    /// `count` is how many parameters the task has; `parameters` may name fewer.
    init(task: String, parameters: [TaskParameter], count: Int?, body: TaskBody) throws(ArgumentError) {
        self.task = task
        self.parameters = parameters
        arguments = body.arguments
        keywords = body.keywords
        if let count, arguments.count > count {
            let plural = count == 1 ? "" : "s"
            let were = arguments.count == 1 ? "was" : "were"
            throw ArgumentError(
                "\(task)() takes \(count) positional argument\(plural) but \(arguments.count) \(were) given"
            )
        }
    }

    /// The next parameter's value.
    func next<T: Decodable>(_ type: T.Type) throws(ArgumentError) -> T {
        let parameter = index < parameters.count ? parameters[index] : nil
        return try value(type, name: parameter?.name, default: parameter?.defaultValue)
    }

    /// The value of the next parameter under a name known only now (a struct's coding key).
    func next<T: Decodable>(_ type: T.Type, named name: String) throws(ArgumentError) -> T {
        try value(type, name: name, default: parameters.first { $0.name == name }?.defaultValue)
    }

    private func value<T: Decodable>(
        _ type: T.Type,
        name: String?,
        default defaultValue: EncodedValue?
    ) throws(ArgumentError) -> T {
        defer { index += 1 }
        let keyword = name.flatMap(takeKeyword)
        if index < arguments.count {
            guard keyword == nil else {
                throw ArgumentError("\(task)() got multiple values for argument '\(name ?? "")'")
            }
            return try decode(arguments[index], as: type, name: name)
        }
        if let keyword { return try decode(keyword, as: type, name: name) }
        if let defaultValue { return try decode(defaultValue, as: type, name: name) }
        if let optional = type as? any MissingArgument.Type, let missing = optional.missing as? T { return missing }
        let label = name.map { "'\($0)'" } ?? "number \(index + 1)"
        throw ArgumentError("\(task)() missing 1 required positional argument: \(label) (\(type))")
    }

    /// All arguments as they came, for a task that sorts them out itself.
    func rest() -> TaskBody {
        defer {
            index = arguments.count
            keywords = []
        }
        return TaskBody(arguments: Array(arguments.dropFirst(index)), keywords: keywords)
    }

    /// Checks that nothing is left over.
    func finish() throws(ArgumentError) {
        if let extra = keywords.first {
            throw ArgumentError("\(task)() got an unexpected keyword argument '\(extra.name)'")
        }
        if index < arguments.count {
            throw ArgumentError("\(task)() takes \(index) positional arguments but \(arguments.count) were given")
        }
    }

    private func takeKeyword(_ name: String) -> EncodedValue? {
        guard !keywords.isEmpty else { return nil }
        for spelling in TaskParameter.spellings(name) {
            if let found = keywords.firstIndex(where: { $0.name == spelling }) {
                return keywords.remove(at: found).value
            }
        }
        return nil
    }

    private func decode<T: Decodable>(_ value: EncodedValue, as type: T.Type, name: String?) throws(ArgumentError) -> T
    {
        do {
            return try value.decode(as: type)
        } catch {
            let label = name.map { "'\($0)'" } ?? "\(index + 1)"
            throw ArgumentError("\(task)() argument \(label) (\(type)): \(error.message)")
        }
    }
}

/// Types whose parameters may be left out: Optional alone, although other types take the literal `nil` as well.
private protocol MissingArgument {
    static var missing: Self { get }
}

extension Optional: MissingArgument {
    fileprivate static var missing: Wrapped? { nil }
}

/// Arguments that do not fit the task; stored as `TypeError`.
struct ArgumentError: CeleryErrorConvertible, CustomStringConvertible {
    var message: String

    init(_ message: String) { self.message = message }

    var description: String { message }
    var exceptionInfo: ExceptionInfo {
        ExceptionInfo(type: "TypeError", arguments: [.string(message)], module: "builtins")
    }
}

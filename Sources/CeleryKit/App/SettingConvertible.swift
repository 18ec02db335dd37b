//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
package import CeleryWire

/// A Swift type that a setting can have: read from a file's value or from text, and shown again.
package protocol SettingConvertible: Sendable {
    /// What a value has to be: "true or false".
    static var settingExpectation: String { get }
    /// Reads a value of a file; nil when it is of another type or out of range.
    init?(settingValue: CeleryValue)
    /// Reads the text of an environment variable or of the command line.
    init?(settingText: String)
    var settingValue: CeleryValue { get }
    /// What exactly is wrong with a value that cannot be read, where that says more than the expectation.
    static func settingProblem(_ value: CeleryValue) -> String?
    /// What of it is accepted without effect, and why.
    var settingNote: String? { get }
}

extension SettingConvertible {
    package static func settingProblem(_ value: CeleryValue) -> String? { nil }
    package var settingNote: String? { nil }
}

extension Bool: SettingConvertible {
    package static var settingExpectation: String { "true or false" }

    package init?(settingValue: CeleryValue) {
        guard case .bool(let value) = settingValue else { return nil }
        self = value
    }

    package init?(settingText: String) {
        switch settingText.lowercased() {
        case "1", "true", "yes", "on", "t", "y": self = true
        case "0", "false", "no", "off", "f", "n": self = false
        default: return nil
        }
    }

    package var settingValue: CeleryValue { .bool(self) }
}

extension Int: SettingConvertible {
    package static var settingExpectation: String { "a whole number" }

    package init?(settingValue: CeleryValue) {
        switch settingValue {
        case .int(let value): self = value
        case .double(let value):
            guard let whole = Int(exactly: value) else { return nil }
            self = whole
        default: return nil
        }
    }

    package init?(settingText: String) { self.init(settingText) }
    package var settingValue: CeleryValue { .int(self) }
}

extension Double: SettingConvertible {
    package static var settingExpectation: String { "a number" }

    package init?(settingValue: CeleryValue) {
        switch settingValue {
        case .int(let value): self = Double(value)
        case .double(let value) where value.isFinite: self = value
        default: return nil
        }
    }

    package init?(settingText: String) {
        guard let value = Double(settingText), value.isFinite else { return nil }
        self = value
    }

    package var settingValue: CeleryValue { .double(self) }
}

extension String: SettingConvertible {
    package static var settingExpectation: String { "a text" }

    package init?(settingValue: CeleryValue) {
        guard case .string(let value) = settingValue else { return nil }
        self = value
    }

    package init?(settingText: String) { self = settingText }
    package var settingValue: CeleryValue { .string(self) }
}

/// Seconds, as Celery writes times; whole ones are shown without a fraction.
extension Duration: SettingConvertible {
    package static var settingExpectation: String { "a number of seconds, 0 or more" }

    package init?(settingValue: CeleryValue) {
        guard let seconds = Double(settingValue: settingValue), (0...1e11).contains(seconds) else { return nil }
        self = .bounded(seconds: seconds)
    }

    package init?(settingText: String) {
        guard let seconds = Double(settingText: settingText) else { return nil }
        self.init(settingValue: .double(seconds))
    }

    package var settingValue: CeleryValue {
        let (seconds, attoseconds) = components
        if attoseconds == 0 { return .int(Int(seconds)) }
        return .double(Double(seconds) + Double(attoseconds) / 1e18)
    }
}

extension Optional: SettingConvertible where Wrapped: SettingConvertible {
    package static var settingExpectation: String { Wrapped.settingExpectation + ", or null" }

    package init?(settingValue: CeleryValue) {
        if settingValue == .null {
            self = .none
        } else if let value = Wrapped(settingValue: settingValue) {
            self = .some(value)
        } else {
            return nil
        }
    }

    package init?(settingText: String) {
        if ["", "none", "null"].contains(settingText.lowercased()) {
            self = .none
        } else if let value = Wrapped(settingText: settingText) {
            self = .some(value)
        } else {
            return nil
        }
    }

    package var settingValue: CeleryValue { self?.settingValue ?? .null }
}

extension Array: SettingConvertible where Element: SettingConvertible {
    package static var settingExpectation: String { "a list, each item of it " + Element.settingExpectation }

    /// A list; a single item for a list of one; an object of name → options where its items have names.
    package init?(settingValue: CeleryValue) {
        var items: [CeleryValue]
        switch settingValue {
        case .array(let values): items = values
        case .object(let object) where Element.self == Queue.self:
            items = object.members.map { name, options in
                guard case .object(var item) = options else { return options }
                item["name"] = .string(name)
                return .object(item)
            }
        default: items = [settingValue]
        }
        self = items.compactMap { Element(settingValue: $0) }
        guard count == items.count else { return nil }
    }

    /// `json,msgpack`, or a JSON list.
    package init?(settingText: String) {
        if let first = settingText.first, "[{".contains(first) {
            guard let value = CeleryValue(settingJSON: settingText) else { return nil }
            self.init(settingValue: value)
        } else {
            let items = settingText.split(separator: ",").map { String($0.trimmingSpaces()) }
            self = items.compactMap { Element(settingText: $0) }
            guard count == items.count else { return nil }
        }
    }

    package var settingValue: CeleryValue { .array(map(\.settingValue)) }
}

extension CeleryObject: SettingConvertible {
    package static var settingExpectation: String { "an object, in text as JSON: {\"key\": value}" }

    package init?(settingValue: CeleryValue) {
        guard case .object(let value) = settingValue else { return nil }
        self = value
    }

    package init?(settingText: String) {
        guard let value = CeleryValue(settingJSON: settingText) else { return nil }
        self.init(settingValue: value)
    }

    package var settingValue: CeleryValue { .object(self) }
}

/// For settings that take more than one shape.
extension CeleryValue: SettingConvertible {
    package static var settingExpectation: String { "any JSON value" }
    package init?(settingValue: CeleryValue) { self = settingValue }
    package init?(settingText: String) { self = CeleryValue(settingJSON: settingText) ?? .string(settingText) }
    package var settingValue: CeleryValue { self }
}

extension Exchange.Kind: SettingConvertible {
    package static var settingExpectation: String { "direct, topic, fanout or a broker's own exchange type" }

    package init?(settingValue: CeleryValue) {
        guard case .string(let value) = settingValue, !value.isEmpty else { return nil }
        self.init(rawValue: value)
    }

    package init?(settingText: String) { self.init(settingValue: .string(settingText)) }
    package var settingValue: CeleryValue { .string(rawValue) }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    func trimmingSpaces() -> SubSequence {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}

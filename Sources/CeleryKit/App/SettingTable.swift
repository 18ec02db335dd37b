//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// One setting: its Celery name and type, and how it is read, written and shown.
public struct Setting: Sendable {
    /// Celery's name: `task_acks_late`.
    public let name: String
    /// What a value has to be, for messages: "true or false".
    public let expectation: String
    /// What it does, in one line.
    public let summary: String
    /// Why it has no effect in this version; nil when it has one.
    public let pending: String?
    /// As of a fresh ``CelerySettings``.
    public let defaultValue: CeleryValue

    let get: @Sendable (CelerySettings) -> CeleryValue
    let set: @Sendable (inout CelerySettings, Input) -> Bool
    /// What exactly is wrong with a value that was refused; nil when the expectation says it all.
    let problem: @Sendable (Input) -> String?
    /// What of the value in force is without effect.
    let note: @Sendable (CelerySettings) -> String?

    /// A value as it arrives.
    enum Input {
        case value(CeleryValue)
        case text(String)
    }

    /// - Parameters:
    ///   - allowed: A further condition on the value.
    ///   - expected: What to say when it does not hold; default: what the type says.
    init<Value: SettingConvertible>(
        _ name: String,
        _ path: any WritableKeyPath<CelerySettings, Value> & Sendable,
        _ summary: String,
        pending: String? = nil,
        expected: String? = nil,
        allowed: @escaping @Sendable (Value) -> Bool = { _ in true }
    ) {
        self.name = name
        self.summary = summary
        self.pending = pending
        expectation = expected ?? Value.settingExpectation
        defaultValue = CelerySettings()[keyPath: path].settingValue
        get = { $0[keyPath: path].settingValue }
        set = { settings, input in
            let value: Value? =
                switch input {
                case .value(let value): Value(settingValue: value)
                case .text(let text): Value(settingText: text)
                }
            guard let value, allowed(value) else { return false }
            settings[keyPath: path] = value
            return true
        }
        problem = { input in
            switch input {
            case .value(let value): Value.settingProblem(value)
            case .text(let text): CeleryValue(settingJSON: text).flatMap { Value.settingProblem($0) }
            }
        }
        note = { $0[keyPath: path].settingNote }
    }

    /// Whether it holds a secret by its name, after Celery's pattern: it is never shown.
    public var isSecret: Bool { Self.isSecret(name) }

    /// Whether a key of a setting, or of an object in one, is to be masked.
    static func isSecret(_ key: String) -> Bool {
        let key = key.uppercased()
        return ["API", "TOKEN", "KEY", "SECRET", "PASS", "SIGNATURE", "DATABASE"].contains { key.contains($0) }
    }
}

/// Every setting by name.
public enum SettingTable {
    /// All of them, in the order of Celery's reference.
    public static let all: [Setting] =
        general + broker + messages + results + redisResults + tasks + worker + ours + beat

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The setting of that name.
    public static subscript(name: String) -> Setting? { byName[name] }

    /// The existing name that is nearest to a mistyped one, if one is near.
    static func nearest(to name: String) -> String? {
        NearestName.find(name.lowercased(), among: all.map(\.name) + SettingsWithoutMeaning.names)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

extension CelerySettings {
    /// Sets one setting by its Celery name from a value, as of a file.
    ///
    /// - Returns: A warning when it is accepted without effect.
    /// - Throws: ``SettingsError`` for an unknown name, an old one, or a value it cannot have; nothing is changed then.
    @discardableResult
    public mutating func set(
        _ name: String,
        to value: CeleryValue,
        origin: SettingsOrigin = .code
    ) throws(SettingsError) -> SettingsWarning? {
        try set(name, input: .value(value), shown: value, origin: origin)
    }

    /// Sets one setting by its Celery name from text, as of an environment variable or the command line.
    ///
    /// **Shape:** booleans are `1 true yes on` and `0 false no off`, times are seconds, lists are separated by commas,
    /// objects are JSON, and `null` or nothing at all is "none" where there is such a value.
    @discardableResult
    public mutating func set(
        _ name: String,
        text: String,
        origin: SettingsOrigin
    ) throws(SettingsError) -> SettingsWarning? {
        try set(name, input: .text(text), shown: .string(text), origin: origin)
    }

    /// Sets all members of a file's object. Throws at the first that is wrong, and changes nothing then.
    @discardableResult
    public mutating func set(_ object: CeleryObject, origin: SettingsOrigin) throws(SettingsError) -> [SettingsWarning]
    {
        var copy = self
        var warnings: [SettingsWarning] = []
        // The older name of two settings comes first, whatever its place, so that the newer ones win.
        let both = "task_acks_on_failure_or_timeout"
        let ordered = object.members.filter { $0.key == both } + object.members.filter { $0.key != both }
        for (name, value) in ordered {
            if let warning = try copy.set(name, to: value, origin: origin) { warnings.append(warning) }
        }
        self = copy
        return warnings
    }

    private mutating func set(
        _ name: String,
        input: Setting.Input,
        shown: CeleryValue,
        origin: SettingsOrigin
    ) throws(SettingsError) -> SettingsWarning? {
        guard let setting = SettingTable[name] else {
            return try Self.judge(unknown: name, shown: shown, origin: origin)
        }
        guard setting.set(&self, input) else {
            throw SettingsError(.invalid, name: name, message: Self.refusal(setting, input, shown, origin))
        }
        if let note = setting.note(self) { return SettingsWarning(name: name, "setting \(name) \(origin): \(note)") }
        guard let reason = setting.pending, setting.get(self) != setting.defaultValue else { return nil }
        return SettingsWarning(name: name, "setting \(name) \(origin) has no effect: \(reason)")
    }

    /// What to do with a name that is not in the table.
    private static func judge(
        unknown name: String,
        shown: CeleryValue,
        origin: SettingsOrigin
    ) throws(SettingsError) -> SettingsWarning? {
        if let reason = SettingsWithoutMeaning.reason(name) {
            return SettingsWarning(name: name, "setting \(name) \(origin) has no effect: \(reason)")
        }
        if let current = SettingsOldNames.current(name) {
            throw SettingsError(
                .oldName,
                name: name,
                suggestion: current,
                message: "setting \(name) \(origin) is written in the old way; write \(current)"
            )
        }
        let nearest = SettingTable.nearest(to: name)
        throw SettingsError(
            .unknown,
            name: name,
            suggestion: nearest,
            message: "there is no setting \(name) (\(origin))" + (nearest.map { "; did you mean \($0)?" } ?? "")
        )
    }

    private static func refusal(
        _ setting: Setting,
        _ input: Setting.Input,
        _ shown: CeleryValue,
        _ origin: SettingsOrigin
    ) -> String {
        if let problem = setting.problem(input) { return "setting \(setting.name) \(origin): \(problem)" }
        // Text that was to be an object and is none may hold a secret under its key.
        let hidesText = if case .string(let text) = shown { Setting.isSecret(text) } else { false }
        let value = setting.isSecret || hidesText ? "********" : abbreviate(mask(shown, key: setting.name))
        return "setting \(setting.name) \(origin) is \(value); it has to be \(setting.expectation)"
    }

    private static func abbreviate(_ value: CeleryValue) -> String {
        let text = value.settingJSON
        return text.count > 60 ? text.prefix(60) + "…" : text
    }
}

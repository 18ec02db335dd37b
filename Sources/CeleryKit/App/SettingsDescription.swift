//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
public import CeleryWire

extension CelerySettings {
    /// The settings by name, as `report` and `inspect conf` show them.
    ///
    /// - Parameters:
    ///   - masked: Hides values whose key looks like a secret's (Celery's pattern: `KEY`, `TOKEN`, `PASS`, …) at any
    ///     depth, and passwords in URLs.
    ///   - withDefaults: Shows those that have their default value too.
    public func describe(masked: Bool = true, withDefaults: Bool = false) -> CeleryObject {
        var object = CeleryObject()
        for setting in SettingTable.all {
            let value = setting.get(self)
            guard withDefaults || value != setting.defaultValue else { continue }
            object[setting.name] = masked ? Self.mask(value, key: setting.name) : value
        }
        return object
    }

    /// Hides what looks like a secret, by its key or as a password in a URL.
    static func mask(_ value: CeleryValue, key: String) -> CeleryValue {
        if Setting.isSecret(key), value != .null { return "********" }
        switch value {
        case .object(let object):
            var masked = CeleryObject()
            for (key, value) in object.members { masked[key] = mask(value, key: key) }
            return .object(masked)
        case .array(let values): return .array(values.map { mask($0, key: "") })
        case .string(let text): return .string(BrokerURL.mask(text))
        default: return value
        }
    }
}

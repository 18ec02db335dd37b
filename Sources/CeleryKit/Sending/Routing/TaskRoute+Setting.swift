//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
package import CeleryWire

extension TaskRoute: SettingConvertible {
    package static var settingExpectation: String {
        "the name of a queue, or an object with " + keys.joined(separator: ", ")
    }

    private static let keys = [
        "queue", "exchange", "exchange_type", "routing_key", "priority", "serializer", "compression", "delivery_mode",
        "ignore_result", "time_limit", "soft_time_limit", "expires",
    ]

    package init?(settingText: String) { self.init(queue: settingText) }

    package init?(settingValue: CeleryValue) {
        if case .string(let queue) = settingValue {
            self.init(queue: queue)
            return
        }
        guard case .object(let object) = settingValue else { return nil }
        self.init()
        for (key, value) in object.members {
            guard read(key, value) else { return nil }
        }
    }

    /// Takes over one member; false when the key or its value is none that a route can have.
    private mutating func read(_ key: String, _ value: CeleryValue) -> Bool {
        switch key {
        case "queue": Self.read(value, into: &queue)
        case "exchange": Self.read(value, into: &exchange)
        case "exchange_type": Self.read(value, into: &exchangeKind)
        case "routing_key": Self.read(value, into: &routingKey)
        case "priority": Self.read(value, into: &priority)
        case "serializer": Self.read(value, into: &serializer)
        case "compression": Self.read(value, into: &compression)
        case "delivery_mode": Self.read(value, into: &deliveryMode)
        case "ignore_result": Self.read(value, into: &ignoreResult)
        case "time_limit": Self.read(value, into: &timeLimit)
        case "soft_time_limit": Self.read(value, into: &softTimeLimit)
        case "expires": Self.read(value, into: &expires)
        default: false
        }
    }

    private static func read<Value: SettingConvertible>(_ value: CeleryValue, into target: inout Value?) -> Bool {
        guard let read = Value?(settingValue: value) else { return false }
        target = read
        return true
    }

    package var settingValue: CeleryValue {
        let values: [CeleryValue] = [
            queue.settingValue, exchange.settingValue, exchangeKind.settingValue, routingKey.settingValue,
            priority.settingValue, serializer.settingValue, compression.settingValue, deliveryMode.settingValue,
            ignoreResult.settingValue, timeLimit.settingValue, softTimeLimit.settingValue, expires.settingValue,
        ]
        var object = CeleryObject()
        for (key, value) in zip(Self.keys, values) where value != .null { object[key] = value }
        if object.count == 1, let queue { return .string(queue) }
        return .object(object)
    }
}

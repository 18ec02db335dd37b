//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
package import CeleryWire

/// **Shape** in files: a name, or an object with `name`, `exchange`, `exchange_type`, `routing_key` (or `binding_key`),
/// `bindings` (objects with `exchange`, `exchange_type`, `routing_key`) and `queue_arguments`.
extension Queue: SettingConvertible {
    package static var settingExpectation: String {
        "a name, or an object with name, exchange, exchange_type, routing_key, bindings, queue_arguments"
    }

    package init?(settingText: String) { self.init(settingValue: .string(settingText)) }

    package init?(settingValue: CeleryValue) {
        switch settingValue {
        case .string(let name) where !name.isEmpty: self.init(name)
        case .object(let object):
            guard case .string(let name)? = object["name"], !name.isEmpty else { return nil }
            self.init(name: name, options: object)
        default: return nil
        }
    }

    init?(name: String, options: CeleryObject) {
        let known = [
            "name", "exchange", "exchange_type", "routing_key", "binding_key", "bindings", "queue_arguments", "durable",
        ]
        guard options.keys.allSatisfy({ known.contains($0) }),
            let exchange = String?(settingValue: options["exchange"] ?? .null),
            let kind = Exchange.Kind?(settingValue: options["exchange_type"] ?? .null),
            let routingKey = String?(settingValue: options["routing_key"] ?? options["binding_key"] ?? .null),
            let arguments = CeleryObject?(settingValue: options["queue_arguments"] ?? .null),
            let bindings = Self.bindings(options["bindings"] ?? .null, queue: name)
        else { return nil }
        self.init(
            name,
            exchange: Exchange(exchange ?? name, kind ?? .direct),
            routingKey: routingKey,
            bindings: bindings,
            arguments: arguments ?? [:]
        )
    }

    private static func bindings(_ value: CeleryValue, queue: String) -> [Binding]? {
        if value == .null { return [] }
        guard case .array(let items) = value else { return nil }
        var bindings: [Binding] = []
        for item in items {
            guard case .object(let object) = item, case .string(let exchange)? = object["exchange"],
                let kind = Exchange.Kind?(settingValue: object["exchange_type"] ?? .null),
                let routingKey = String?(settingValue: object["routing_key"] ?? .null)
            else { return nil }
            let binding = Binding(exchange: exchange, kind: kind ?? .direct, routingKey: routingKey ?? "", queue: queue)
            bindings.append(binding)
        }
        return bindings
    }

    package var settingValue: CeleryValue {
        var object: CeleryObject = [
            "name": .string(name), "exchange": .string(exchange.name), "exchange_type": .string(exchange.kind.rawValue),
            "routing_key": .string(routingKey),
        ]
        if !bindings.isEmpty {
            object["bindings"] = .array(
                bindings.map {
                    [
                        "exchange": .string($0.exchange), "exchange_type": .string($0.kind.rawValue),
                        "routing_key": .string($0.routingKey),
                    ]
                }
            )
        }
        if !arguments.isEmpty { object["queue_arguments"] = .object(arguments) }
        return .object(object)
    }
}

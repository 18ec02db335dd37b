//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

/// **Shape** in files: an object of pattern → route; a list of such objects (routers); or a list of
/// `[pattern, route]` pairs. A pattern between slashes is a regular expression. A route is a queue's name or an object.
extension TaskRoutes: SettingConvertible {
    package static var settingExpectation: String {
        "an object of task name or pattern → \(TaskRoute.settingExpectation); or a list of such objects or of pairs"
    }

    package init?(settingText: String) {
        guard let value = CeleryValue(settingJSON: settingText) else { return nil }
        self.init(settingValue: value)
    }

    package init?(settingValue: CeleryValue) {
        switch settingValue {
        case .null: self.init()
        case .object(let object):
            guard let rules = Self.rules(object.members) else { return nil }
            self.init(rules)
        case .array(let items):
            if let pairs = Self.pairs(items) {
                self.init(pairs)
            } else {
                let parts = items.compactMap { TaskRoutes(settingValue: $0) }
                guard parts.count == items.count else { return nil }
                self.init(parts)
            }
        default: return nil
        }
    }

    private static func pairs(_ items: [CeleryValue]) -> [(RoutePattern, TaskRoute)]? {
        var members: [(key: String, value: CeleryValue)] = []
        for item in items {
            guard case .array(let pair) = item, pair.count == 2, case .string(let pattern) = pair[0] else { return nil }
            members.append((pattern, pair[1]))
        }
        return members.isEmpty ? nil : rules(members)
    }

    private static func rules(_ members: [(key: String, value: CeleryValue)]) -> [(RoutePattern, TaskRoute)]? {
        var rules: [(RoutePattern, TaskRoute)] = []
        for (key, value) in members {
            guard let pattern = pattern(key), let route = TaskRoute(settingValue: value) else { return nil }
            rules.append((pattern, route))
        }
        return rules
    }

    private static func pattern(_ text: String) -> RoutePattern? {
        guard text.count > 2, text.first == "/", text.last == "/" else { return RoutePattern(text) }
        return try? .regex(String(text.dropFirst().dropLast()))
    }

    package var settingValue: CeleryValue {
        let parts = routers.map { router -> CeleryValue in
            switch router {
            case .function: "<function>"
            case .rules(let rules):
                .array(rules.map { [.string($0.pattern.description), $0.route.settingValue] })
            }
        }
        return parts.isEmpty ? .null : parts.count == 1 ? parts[0] : .array(parts)
    }
}

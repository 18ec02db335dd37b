//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Commands below another: `dead list`.
extension OptionEnvironment {
    /// What stands behind a command's name with what the environment says put in. Where the command has others below it, that
    /// goes behind the name of the one that is meant.
    static func words(behind command: String, _ rest: [String], environment: [String: String]) -> [String] {
        if table[command] != nil { return arguments(for: command, environment: environment) + rest }
        if let name = rest.first, table["\(command) \(name)"] != nil {
            return [name] + arguments(for: "\(command) \(name)", environment: environment) + Array(rest.dropFirst())
        }
        // celery dead --limit 3: options of the one that need not be named.
        guard let name = defaults[command], rest.first?.hasPrefix("-") ?? true,
            !["-h", "--help"].contains(rest.first ?? "")
        else { return rest }
        let injected = arguments(for: "\(command) \(name)", environment: environment)
        return injected.isEmpty ? rest : [name] + injected + rest
    }

    private static let defaults = ["dead": "list"]

    static let below: [String: [Entry]] = [
        "dead list": entries(options: ["queue", "task", "limit"], flags: ["json"]),
        "dead show": entries(flags: ["json"]),
        "dead replay": entries(options: ["queue", "task"], flags: ["all", "json"]),
        "dead purge": entries(options: ["queue", "task"], flags: ["all", "force", "json"]),
        "list bindings": entries(flags: ["json"]),
        "graph workflow": entries(options: ["result", "format"], flags: ["states"]),
        "graph workers": entries(flags: ["json"]),
    ]

    private static func entries(options: [String] = [], flags: [String]) -> [Entry] {
        options.map { Entry(option: $0, isFlag: false) } + flags.map { Entry(option: $0, isFlag: true) }
    }
}

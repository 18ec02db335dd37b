//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// An argument that sets something: `worker.prefetch_multiplier=1`, `task_acks_late=true`, `.concurrency=4`.
///
/// Source: `config_from_cmdline` of Celery's loaders.
enum SettingsOverride {
    /// - Throws: ``CommandFailure`` when it is no `name=value`.
    static func parse(_ argument: String, namespace: String) throws(CommandFailure) -> (name: String, text: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
            throw .usage(
                "unexpected argument '\(argument)'; a setting is written as name=value, for example worker.concurrency=4",
                help: namespace
            )
        }
        var name = argument[..<equals].lowercased().split(separator: ".", omittingEmptySubsequences: false)
            .joined(separator: "_")
        if name.hasPrefix("_") { name = namespace + name }
        return (name, withoutType(String(argument[argument.index(after: equals)...])))
    }

    /// `(int)3`: Celery wants the type written at times; here the setting knows it.
    private static func withoutType(_ text: String) -> String {
        for type in ["(int)", "(float)", "(str)", "(string)", "(bool)", "(list)", "(dict)", "(tuple)"]
        where text.hasPrefix(type) {
            return String(text.dropFirst(type.count))
        }
        return text
    }
}

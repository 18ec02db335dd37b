//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Options in the order of their first mention; mentioned again, an option has its last value.
struct OptionList: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        /// With its dashes.
        var name: String
        /// Nil for one that stands alone.
        var value: String?
    }

    private(set) var entries: [Entry] = []

    /// Whether the option is there, with or without a value.
    func has(_ name: String) -> Bool { entries.contains { $0.name == name } }

    /// Its value; nil when it is not there or stands alone.
    func value(_ name: String) -> String? { entries.first { $0.name == name }?.value }

    mutating func set(_ name: String, _ value: String?) {
        if let index = entries.firstIndex(where: { $0.name == name }) {
            entries[index].value = value
        } else {
            entries.append(Entry(name: name, value: value))
        }
    }

    mutating func merge(_ other: OptionList) {
        for entry in other.entries { set(entry.name, entry.value) }
    }

    /// Takes options out; returns the value of the first of them that is there.
    mutating func take(_ names: String...) -> String? {
        let value = names.compactMap { self.value($0) }.first
        entries.removeAll { names.contains($0.name) }
        return value
    }
}

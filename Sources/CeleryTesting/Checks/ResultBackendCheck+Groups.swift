//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension ResultBackendCheck {
    static let groups: [ResultBackendCheck] = [
        .ofGroups("a group comes out as it went in") { harness in
            let tuple: CeleryValue = [["g", nil], [[["a", "g"], nil], [["é", nil], [[["b", nil], nil]]]]]
            try await harness.storeGroup("g", tuple)
            try requireEqual(try await harness.fetchGroup("g"), tuple)
            try requireEqual(try await harness.fetchGroup("other"), nil)
        },
        .ofGroups("a group is replaced by the next of its name") { harness in
            for number in 0..<3 {
                let tuple: CeleryValue = [["g", nil], [[[.string("\(number)"), nil], nil]]]
                try await harness.storeGroup("g", tuple)
                try requireEqual(try await harness.fetchGroup("g"), tuple)
            }
        },
        .ofGroups("a forgotten group is gone") { harness in
            for id in ["g", "h"] { try await harness.storeGroup(id, [[.string(id), nil], []]) }
            for id in ["g", "unknown"] { try await harness.backend.forgetGroup(harness.prefix + id) }
            try requireEqual(try await harness.fetchGroup("g"), nil)
            try requireEqual(try await harness.fetchGroup("h"), [["h", nil], []])
        },
        .ofGroups("an expired group is absent, others stay") { harness in
            try await harness.storeGroup("short", [["short", nil], []], expires: .seconds(2))
            try await harness.storeGroup("long", [["long", nil], []], expires: nil)
            try requireEqual(try await harness.fetchGroup("short"), [["short", nil], []])
            try await harness.pass(.milliseconds(2001))
            try requireEqual(try await harness.fetchGroup("short"), nil)
            _ = try await harness.backend.removeExpired()
            try requireEqual(try await harness.fetchGroup("long"), [["long", nil], []])
        },
        .ofGroups("groups and results of one name are different things") { harness in
            try await harness.storeGroup("same", [["same", nil], []])
            try requireEqual(try await harness.fetch("same"), nil)
            try await harness.backend.forget([harness.prefix + "same"])
            try requireEqual(try await harness.fetchGroup("same"), [["same", nil], []])
        },
    ]

    /// A check that is left out where groups are not kept.
    private static func ofGroups(
        _ name: String,
        _ body: @escaping @Sendable (ResultBackendHarness) async throws -> Void
    ) -> ResultBackendCheck {
        ResultBackendCheck("groups: " + name) { harness in
            do throws(TransportError) {
                _ = try await harness.backend.fetchGroup(harness.prefix + "probe")
            } catch {
                guard error.code != .unsupported else { return }
                throw error
            }
            try await body(harness)
        }
    }
}

extension ResultBackendHarness {
    fileprivate func storeGroup(_ id: String, _ tuple: CeleryValue, expires: Duration? = .seconds(60)) async throws {
        try await backend.storeGroup(prefix + id, tuple, expires: expires)
    }

    fileprivate func fetchGroup(_ id: String) async throws -> CeleryValue? {
        try await backend.fetchGroup(prefix + id)
    }
}

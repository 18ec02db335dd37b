//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// How a child process knows that it is one, and whose.
enum ChildMarker {
    /// `<parent's process id>,<frame limit>,<1 when it is to report its memory>`.
    static let variable = "CELERY_POOL_CHILD"
    private static let prefix = "--celery-pool-child="

    /// The last argument: visible in `ps`, and not inherited by what the child itself starts.
    static func argument(parent: Int32) -> String { "\(prefix)\(parent)" }

    static func isArgument(_ text: String) -> Bool { text.hasPrefix(prefix) }

    static func value(parent: Int32, frameLimit: Int, reportsMemory: Bool) -> String {
        "\(parent),\(frameLimit),\(reportsMemory ? 1 : 0)"
    }

    static func parse(_ value: String) -> (parent: Int32, frameLimit: Int, reportsMemory: Bool)? {
        let fields = value.split(separator: ",")
        guard fields.count == 3, let parent = Int32(fields[0]), let limit = Int(fields[1]) else { return nil }
        return (parent, limit, fields[2] == "1")
    }
}

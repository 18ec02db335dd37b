//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit

/// Which commands there are, and which Celery has that come later.
enum CommandNames {
    /// Those of this version.
    static let available = [
        "worker", "call", "result", "purge", "list", "report", "dead", "doctor", "inspect", "control", "status",
        "events", "multi", "graph", "help",
    ]

    /// Celery's others.
    static let later = [
        "beat", "migrate", "shell", "upgrade", "logtool", "amqp", "flower",
    ]

    /// What somebody can do today instead.
    private static let insteads = [
        "shell": "write a small Swift program that imports the tasks, or use celery call and celery result",
        "migrate": "celery dead replay and purge work on dead letters",
        "upgrade": "settings in the old way are named with today's name when they are read",
    ]

    /// Says what is wrong with a name that is no command of this version.
    static func failure(for name: String) -> CommandFailure {
        if later.contains(name) {
            let instead = insteads[name].map { " (\($0))" } ?? ""
            return .usage("celery \(name) is not in this version; it comes later\(instead)")
        }
        let nearest = NearestName.find(name, among: available + later)
        return .usage("there is no command '\(name)'" + (nearest.map { ". Did you mean '\($0)'?" } ?? ""))
    }
}

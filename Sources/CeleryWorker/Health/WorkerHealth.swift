//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// How a worker is, as orchestrators ask it: has it started, may it be given work, must it be restarted.
public struct WorkerHealth: Sendable, Hashable {
    /// One thing that was looked at.
    public struct Check: Sendable, Hashable {
        /// `broker`, `pool`, …
        public var name: String
        /// What is wrong, in words; nil when nothing is.
        public var problem: String?

        public init(_ name: String, problem: String? = nil) {
            self.name = name
            self.problem = problem
        }
    }

    /// The answer to one of the three questions.
    public struct Probe: Sendable, Hashable {
        /// All that was looked at, in a fixed order.
        public var checks: [Check]
        /// Since when the answer is the same, as far as anybody has looked.
        public var since: Timestamp

        public init(_ checks: [Check], since: Timestamp = .now) {
            self.checks = checks
            self.since = since
        }

        /// Whether nothing is wrong.
        public var passes: Bool { checks.allSatisfy { $0.problem == nil } }

        /// What is wrong, in words.
        public var problems: [String] { checks.compactMap(\.problem) }
    }

    /// Whether tasks could be taken once: pool ready and consumer open. It stays so.
    public var startup: Probe
    /// Whether it takes tasks now. Not while the broker is away, outcomes cannot be stored, or it shuts down.
    public var readiness: Probe
    /// Whether it works or would if it could; if not, only a restart helps. A broker that is away is no reason, nor is a task
    /// that runs for long.
    public var liveness: Probe

    public init(startup: Probe, readiness: Probe, liveness: Probe) {
        self.startup = startup
        self.readiness = readiness
        self.liveness = liveness
    }
}

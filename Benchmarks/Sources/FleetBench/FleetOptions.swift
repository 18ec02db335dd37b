//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// How much is measured.
struct FleetOptions {
    static let usage = """
        fleet-bench [--embedded] [--quick] [--rate N] [--seconds N] [--rounds N] [--calls N] [--revokes N]
                    [--only WHAT] [--output FILE]
          WHAT: status, revoke, events or revocations; may be given several times
        """

    /// Tasks a second while events are counted.
    var rate = 5000
    /// How long they are.
    var seconds = 20
    /// How often, with and without events in turn.
    var rounds = 3
    /// Tasks of a queue that is filled before a worker with or without events empties it.
    var drained = 100_000
    /// Calls of `status`.
    var calls = 200
    /// Tasks that are ended while they run, in each pool.
    var terminations = 50
    /// Revoked ids.
    var revokes = 1_000_000
    var only: Set<String> = []
    var output: String?
    var isQuick = false
    /// On the embedded broker.
    var isEmbedded = false

    init?(_ arguments: [String]) {
        var rest = arguments[...]
        if rest.contains("--quick") {
            (isQuick, rate, seconds, rounds, calls, terminations, revokes) = (true, 1000, 3, 1, 20, 5, 20_000)
            drained = 5000
        }
        while let option = rest.popFirst() {
            if option == "--quick" { continue }
            if option == "--embedded" {
                isEmbedded = true
                continue
            }
            guard let value = rest.popFirst() else { return nil }
            switch option {
            case "--rate": rate = Int(value) ?? 1
            case "--seconds": seconds = Int(value) ?? 1
            case "--rounds": rounds = max(1, Int(value) ?? 1)
            case "--calls": calls = Int(value) ?? 1
            case "--revokes": revokes = Int(value) ?? 1
            case "--only": only.insert(value)
            case "--output": output = value
            default: return nil
            }
        }
    }

    func wants(_ what: String) -> Bool { only.isEmpty || only.contains(what) }
}

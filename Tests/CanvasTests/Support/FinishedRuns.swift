//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Runs of tasks that came to their end, as the tasks themselves wrote down (`CANVAS_RUNS`), and which of them nothing excuses: a body that
/// was sent twice runs twice.
struct FinishedRuns {
    struct Run: Equatable {
        var id: String
        var pid: Int32
        var parent: Int32
        var start: Timestamp
        var end: Timestamp
    }

    /// SIGKILL for these processes, or the moment at which they learnt that they had been taken for dead.
    struct Blow {
        var pids: Set<Int32>
        var at: Timestamp
    }

    /// Between the end of a run and the moment that its settlement has taken effect.
    private static let settling: Int64 = 1_000_000
    /// Until a child notices that its parent is gone.
    private static let noticing: Int64 = 500_000

    let runs: [Run]

    /// One line a run: id, process, its parent, start and end in microseconds.
    init(_ text: String) {
        runs = text.split(separator: "\n")
            .compactMap { line in
                let words = line.split(separator: " ")
                let numbers = words.dropFirst().compactMap { Int64($0) }
                guard words.count == 5, numbers.count == 4 else { return nil }
                return Run(
                    id: String(words[0]),
                    pid: Int32(truncatingIfNeeded: numbers[0]),
                    parent: Int32(truncatingIfNeeded: numbers[1]),
                    start: Timestamp(microseconds: numbers[2]),
                    end: Timestamp(microseconds: numbers[3])
                )
            }
    }

    /// Ids of tasks that ran to their end again although nothing had happened to the run before.
    func repeated(_ blows: [Blow]) -> [String] {
        Dictionary(grouping: runs, by: \.id)
            .compactMap { id, runs -> String? in
                let runs = runs.sorted { $0.start < $1.start }
                return runs.dropLast().allSatisfy { isStruck($0, blows) } ? nil : id
            }
            .sorted()
    }

    private func isStruck(_ run: Run, _ blows: [Blow]) -> Bool {
        let span = run.start.microseconds - Self.noticing...run.end.microseconds + Self.settling
        return blows.contains { blow in
            (blow.pids.contains(run.pid) || blow.pids.contains(run.parent)) && span.contains(blow.at.microseconds)
        }
    }
}

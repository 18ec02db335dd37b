//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

@testable import FaultHarness

/// When something happened, as the tasks wrote it down.
extension FaultSite {
    /// When first, not before a moment, a task began that was sent since another one; any task when that is nil.
    func firstStart(from moment: Timestamp, sentSince begin: Timestamp? = nil) -> Timestamp? {
        let all = entries
        var known: Set<String> = []
        for entry in all {
            guard case .sent(let id, _, let at) = entry else { continue }
            if let begin, at < begin { continue }
            known.insert(id)
        }
        var first: Timestamp?
        for entry in all {
            guard case .started(let id, _, _, let at) = entry, at >= moment, known.contains(id) else { continue }
            if let earlier = first, earlier <= at { continue }
            first = at
        }
        return first
    }

    /// When a task first began in a process or its children.
    func firstStart(under process: Int32) -> Timestamp? {
        var moments: [Timestamp] = []
        for entry in entries {
            guard case .started(_, let runner, _, let at) = entry else { continue }
            if runner.pid == process || runner.parent == process { moments.append(at) }
        }
        return moments.min()
    }

    /// When a task came to its end in a process or its children.
    func end(of task: String, under process: Int32) -> Timestamp? {
        var moments: [Timestamp] = []
        for entry in entries {
            guard case .ended(let id, let runner, let at) = entry, id == task else { continue }
            if runner.pid == process || runner.parent == process { moments.append(at) }
        }
        return moments.max()
    }

    /// How often a task has begun.
    func starts(of task: String) -> Int {
        var count = 0
        for entry in entries {
            if case .started(let id, _, _, _) = entry, id == task { count += 1 }
        }
        return count
    }
}

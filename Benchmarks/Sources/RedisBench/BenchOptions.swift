//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// How much is measured.
struct BenchOptions {
    static let usage = """
        redis-bench [--quick] [--rounds N] [--tasks N] [--idle SECONDS] [--only WHAT] [--python PATH] [--scripts FOLDER] [--output FILE]
          WHAT: drain, publish, latency, open, life, canvas, idle, floor, or, only when asked for, scale (wake for a part of it) or sizes; may be given several times
        """

    var rounds = 3
    /// For a drain by ours; Celery gets a twentieth.
    var tasks = 40_000
    var idle = 60
    var only: Set<String> = []
    /// An interpreter with Celery; without one only ours is measured.
    var python: String?
    /// Where bench_tasks.py is.
    var scripts = "Benchmarks/python"
    var output: String?
    var isQuick = false

    init?(_ arguments: [String]) {
        var rest = arguments[...]
        if rest.contains("--quick") { (isQuick, rounds, tasks, idle) = (true, 1, 20_000, 10) }
        while let option = rest.popFirst() {
            if option == "--quick" { continue }
            guard let value = rest.popFirst() else { return nil }
            switch option {
            case "--rounds": rounds = Int(value) ?? 1
            case "--tasks": tasks = Int(value) ?? 1
            case "--idle": idle = Int(value) ?? 1
            case "--only": only.insert(value)
            case "--python": python = value
            case "--scripts": scripts = value
            case "--output": output = value
            default: return nil
            }
        }
    }

    func wants(_ what: String) -> Bool { only.isEmpty || only.contains(what) }
}

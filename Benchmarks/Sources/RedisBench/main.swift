//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation

// `redis-bench` measures; `redis-bench worker …` is the worker that it measures, a process of its own.
let tasks = BenchTasks()
let arguments = Array(CommandLine.arguments.dropFirst())

if arguments.first?.hasPrefix("-") ?? true {
    guard let options = BenchOptions(arguments) else {
        print(BenchOptions.usage)
        exit(64)
    }
    var bench = try RedisBench(tasks, options)
    try await bench.run()
} else {
    await CeleryCommand.main(tasks.app)
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation

// `worker-bench` measures; `worker-bench worker …` is the worker that it measures, a process of its own.
let app = CeleryApp("worker-bench")
let noop = app.task("noop") { (x: Int) in x }
let moment = app.task("moment") { () in Timestamp.now.unixSeconds }
let harms = Harms(app)

if CommandLine.arguments.count > 1, !["drain", "latency", "idle", "harm", "scale"].contains(CommandLine.arguments[1]) {
    await CeleryCommand.main(app)
} else {
    try await Bench(noop: noop, moment: moment, harms: harms).run(Array(CommandLine.arguments.dropFirst()))
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation

let tasks = FleetTasks()
let arguments = Array(CommandLine.arguments.dropFirst())

switch arguments.first {
case "load": try await Load(arguments).run(tasks)
case "listen": try await Listener(arguments).run(tasks)
case .some(let first) where !first.hasPrefix("-"): await CeleryCommand.main(tasks.app)
default:
    guard let options = FleetOptions(arguments) else {
        print(FleetOptions.usage)
        exit(64)
    }
    let bench = try FleetBench(tasks, options)
    try await bench.run()
}

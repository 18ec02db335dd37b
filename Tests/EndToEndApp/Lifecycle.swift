//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation

/// Says on standard error what a worker and the children of its pool go through.
struct Lifecycle: CeleryMiddleware {
    private func say(_ text: String) { FileHandle.standardError.write(Data("lifecycle \(getpid()): \(text)\n".utf8)) }

    func workerInit(_ hostname: String) { say("init") }
    func workerReady(_ hostname: String) { say("ready") }
    func workerBeforeCreateProcess() { say("before child") }
    func workerProcessInit() { say("child begins") }
    func workerProcessShutdown(exitCode: Int32) { say("child ends with \(exitCode)") }
    func heartbeatSent(_ hostname: String) { say("heartbeat") }
    func workerShutdown(_ hostname: String) { say("shut down") }
    func workerShuttingDown(_ hostname: String, _ shutdown: WorkerShutdown) {
        say("shutting down \(shutdown.how) signal \(shutdown.signal ?? 0) exit code \(shutdown.exitCode)")
    }
}

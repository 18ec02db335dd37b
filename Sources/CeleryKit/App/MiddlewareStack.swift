//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

/// All middleware of an app, called one after the other.
package struct MiddlewareStack: CeleryMiddleware {
    private var members: [any CeleryMiddleware] = []

    package init() {}

    mutating func append(_ member: some CeleryMiddleware) { members.append(member) }

    package func beforePublish(_ message: inout Message) { for member in members { member.beforePublish(&message) } }
    package func afterPublish(_ message: Message) { for member in members { member.afterPublish(message) } }
    package func taskReceived(_ message: Message) { for member in members { member.taskReceived(message) } }
    package func taskPrerun(_ context: TaskContext) { for member in members { member.taskPrerun(context) } }
    package func taskPostrun(_ context: TaskContext, outcome: TaskOutcome) {
        for member in members { member.taskPostrun(context, outcome: outcome) }
    }
    package func taskSuccess(_ context: TaskContext, result: EncodedValue) {
        for member in members { member.taskSuccess(context, result: result) }
    }
    package func taskRetry(_ context: TaskContext, failure: TaskFailure) {
        for member in members { member.taskRetry(context, failure: failure) }
    }
    package func taskFailure(_ context: TaskContext, failure: TaskFailure) {
        for member in members { member.taskFailure(context, failure: failure) }
    }
    package func taskRejected(_ message: Message, requeue: Bool) {
        for member in members { member.taskRejected(message, requeue: requeue) }
    }
    package func taskLost(_ message: Message, failure: TaskFailure) {
        for member in members { member.taskLost(message, failure: failure) }
    }
    package func taskRevoked(_ message: Message, reason: String) {
        for member in members { member.taskRevoked(message, reason: reason) }
    }
    package func taskUnknown(_ message: Message) { for member in members { member.taskUnknown(message) } }
    package func workerInit(_ hostname: String) { for member in members { member.workerInit(hostname) } }
    package func workerReady(_ hostname: String) { for member in members { member.workerReady(hostname) } }
    package func workerShuttingDown(_ hostname: String, _ shutdown: WorkerShutdown) {
        for member in members { member.workerShuttingDown(hostname, shutdown) }
    }
    package func workerShutdown(_ hostname: String) { for member in members { member.workerShutdown(hostname) } }
    package func heartbeatSent(_ hostname: String) { for member in members { member.heartbeatSent(hostname) } }
    package func workerBeforeCreateProcess() { for member in members { member.workerBeforeCreateProcess() } }
    package func workerProcessInit() { for member in members { member.workerProcessInit() } }
    package func workerProcessShutdown(exitCode: Int32) {
        for member in members { member.workerProcessShutdown(exitCode: exitCode) }
    }
}

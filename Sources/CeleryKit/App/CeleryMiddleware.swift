//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Hooks into what app and worker do; every method has an empty default.
///
/// Methods are called synchronously, in the order in which middleware was added, and cannot fail what they watch.
/// Source: the signals of Celery. Methods of runs are called in the process that runs the task.
public protocol CeleryMiddleware: Sendable {
    /// Before a message is published; may change it.
    func beforePublish(_ message: inout Message)
    /// After a message was accepted by the broker.
    func afterPublish(_ message: Message)
    /// A worker received a task message.
    func taskReceived(_ message: Message)
    /// A run is about to start.
    func taskPrerun(_ context: TaskContext)
    /// A run has ended, in whatever way.
    func taskPostrun(_ context: TaskContext, outcome: TaskOutcome)
    func taskSuccess(_ context: TaskContext, result: EncodedValue)
    func taskRetry(_ context: TaskContext, failure: TaskFailure)
    func taskFailure(_ context: TaskContext, failure: TaskFailure)
    /// A run was rejected, by the task or because of how it ended; `requeue` says whether it goes back to its queue. Called in the
    /// worker's main process.
    func taskRejected(_ message: Message, requeue: Bool)
    /// A run has failed without a word of its own: its process died, or was killed at its time limit. Called in the worker's main
    /// process, in place of ``taskFailure(_:failure:)``.
    func taskLost(_ message: Message, failure: TaskFailure)
    /// A task was revoked, expired or terminated. Called in the worker's main process.
    func taskRevoked(_ message: Message, reason: String)
    /// A message names a task that is not registered.
    func taskUnknown(_ message: Message)
    func workerReady(_ hostname: String)
    /// `how` is `warm`, `soft` or `cold`.
    func workerShuttingDown(_ hostname: String, how: String)
    func workerShutdown(_ hostname: String)
    /// A child process of the prefork pool begins.
    func workerProcessInit()
}

extension CeleryMiddleware {
    public func beforePublish(_ message: inout Message) {}
    public func afterPublish(_ message: Message) {}
    public func taskReceived(_ message: Message) {}
    public func taskPrerun(_ context: TaskContext) {}
    public func taskPostrun(_ context: TaskContext, outcome: TaskOutcome) {}
    public func taskSuccess(_ context: TaskContext, result: EncodedValue) {}
    public func taskRetry(_ context: TaskContext, failure: TaskFailure) {}
    public func taskFailure(_ context: TaskContext, failure: TaskFailure) {}
    public func taskRejected(_ message: Message, requeue: Bool) {}
    public func taskLost(_ message: Message, failure: TaskFailure) {}
    public func taskRevoked(_ message: Message, reason: String) {}
    public func taskUnknown(_ message: Message) {}
    public func workerReady(_ hostname: String) {}
    public func workerShuttingDown(_ hostname: String, how: String) {}
    public func workerShutdown(_ hostname: String) {}
    public func workerProcessInit() {}
}

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
    package func workerReady(_ hostname: String) { for member in members { member.workerReady(hostname) } }
    package func workerShuttingDown(_ hostname: String, how: String) {
        for member in members { member.workerShuttingDown(hostname, how: how) }
    }
    package func workerShutdown(_ hostname: String) { for member in members { member.workerShutdown(hostname) } }
    package func workerProcessInit() { for member in members { member.workerProcessInit() } }
}

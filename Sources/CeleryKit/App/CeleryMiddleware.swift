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
    /// A run has failed without a word of its own: its process died, or it was ended at its hard time limit. Called in the worker's main
    /// process, in place of ``taskFailure(_:failure:)``.
    func taskLost(_ message: Message, failure: TaskFailure)
    /// A task was revoked, expired or terminated. Called in the worker's main process.
    func taskRevoked(_ message: Message, reason: String)
    /// A message names a task that is not registered.
    func taskUnknown(_ message: Message)
    /// A worker knows its settings and options, and is about to connect.
    func workerInit(_ hostname: String)
    /// A worker takes tasks from now on.
    func workerReady(_ hostname: String)
    /// A worker was asked to stop, or to stop more quickly than before.
    func workerShuttingDown(_ hostname: String, _ shutdown: WorkerShutdown)
    /// A worker has stopped, and everything that it ran is settled.
    func workerShutdown(_ hostname: String)
    /// A worker has said that it is alive.
    func heartbeatSent(_ hostname: String)
    /// The prefork pool is about to start a child process. Called in the worker's main process.
    func workerBeforeCreateProcess()
    /// A child process of the prefork pool begins. Called in that process.
    func workerProcessInit()
    /// A child process of the prefork pool is dismissed, and exits with this code. Called in that process, and not when it is
    /// killed or crashes.
    func workerProcessShutdown(exitCode: Int32)
}

/// How a worker was asked to stop.
public struct WorkerShutdown: Sendable, Hashable {
    /// `warm`, `soft` or `cold`.
    public var how: String
    /// Number of the signal that asked for it; nil when something else did.
    public var signal: Int32?
    /// What the process is going to exit with.
    public var exitCode: Int32

    public init(how: String, signal: Int32? = nil, exitCode: Int32 = 0) {
        (self.how, self.signal, self.exitCode) = (how, signal, exitCode)
    }
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
    public func workerInit(_ hostname: String) {}
    public func workerReady(_ hostname: String) {}
    public func workerShuttingDown(_ hostname: String, _ shutdown: WorkerShutdown) {}
    public func workerShutdown(_ hostname: String) {}
    public func heartbeatSent(_ hostname: String) {}
    public func workerBeforeCreateProcess() {}
    public func workerProcessInit() {}
    public func workerProcessShutdown(exitCode: Int32) {}
}

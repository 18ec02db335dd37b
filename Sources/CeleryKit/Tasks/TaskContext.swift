//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
public import CeleryWire
public import Logging
import Synchronization

/// What a running task may know about its run, and say to the world while it lasts.
///
/// Source: `self.request` and the methods of a bound task in Celery.
public final class TaskContext: Sendable {
    /// The app that runs the task.
    public let app: CeleryApp
    public let id: String
    /// The task's name.
    public let task: String
    /// How often it was retried before.
    public let retries: Int
    /// Id of the task that sent it.
    public let parentID: String?
    /// Id of the first task of the tree that it belongs to.
    public let rootID: String
    public let groupID: String?
    public let groupIndex: Int?
    /// Node name of the worker; nil when run locally.
    public let hostname: String?
    /// The queue it was taken from; nil when run locally.
    public let queue: String?
    /// The message's priority.
    public let priority: Int?
    /// Whether the message was handed to a worker before.
    public let redelivered: Bool
    /// How often the message was handed over, this time included.
    public let attempt: Int
    /// Custom headers of the message.
    public let headers: CeleryObject
    /// Stamps of its signature; see `stamp` of ``Workflow``.
    public let stamps: CeleryObject
    /// Whether it runs in the caller's process without a broker: by ``TaskHandle/run(_:_:)``, ``Workflow/run()`` or `task_always_eager`.
    public let isEager: Bool
    /// With the task's name and id as metadata. Made when it is asked for, which most tasks do not.
    public var logger: Logger {
        var logger = app.logger
        logger[metadataKey: "celery.task.id"] = .string(id)
        logger[metadataKey: "celery.task.name"] = .string(task)
        return logger
    }

    /// Before when it was not to start, as its message says.
    let eta: String?
    /// What it was called with, and what follows it.
    let body: TaskBody
    let options: TaskOptions
    let control: RunControl
    /// When the run began.
    private let began = Timestamp.now
    private let sentChildren = Mutex<[CeleryValue]>([])
    private let additions = Atomic<Int>(0)

    init(
        app: CeleryApp,
        headers: TaskHeaders,
        body: TaskBody = TaskBody(),
        options: TaskOptions = TaskOptions(),
        priority: Int? = nil,
        hostname: String? = nil,
        queue: String? = nil,
        redelivered: Bool = false,
        attempt: Int = 1,
        isEager: Bool = false,
        control: RunControl = RunControl()
    ) {
        self.app = app
        id = headers.id
        task = headers.task
        retries = headers.retries
        eta = headers.eta
        parentID = headers.parentID
        rootID = headers.rootID ?? headers.id
        groupID = headers.group
        groupIndex = headers.groupIndex
        self.headers = headers.custom
        stamps = headers.stamps
        self.body = body
        self.options = options
        self.priority = priority
        self.hostname = hostname
        self.queue = queue
        self.redelivered = redelivered
        self.attempt = attempt
        self.isEager = isEager
        self.control = control
    }

    /// The run that the current Swift task belongs to, which gives tasks sent from it their parent.
    @TaskLocal static var current: TaskContext?

    static func local(app: CeleryApp, task: String) -> TaskContext {
        TaskContext(app: app, headers: TaskHeaders(task: task, id: TaskID.random()), isEager: true)
    }

    /// Makes the error that asks for another run: `throw context.retry(countdown: .seconds(10), because: error)`.
    public func retry(
        countdown: Duration? = nil,
        eta: Timestamp? = nil,
        because cause: (any Error)? = nil,
        maxRetries: Int? = nil,
        queue: String? = nil,
        priority: Int? = nil
    ) -> Retry {
        Retry(countdown: countdown, eta: eta, maxRetries: maxRetries, cause: cause, queue: queue, priority: priority)
    }

    /// Stores a custom state with something to show for it, such as progress. It does not replace an end of the task that was stored
    /// since this run began, as when its worker was taken for dead.
    ///
    /// - Throws: ``CeleryError``: `.backendUnavailable`, `.encoding`.
    public func updateState(_ state: TaskState, _ info: some Encodable & Sendable) async throws {
        let value = try SendingErrors.encoding(task) { try EncodedValue(encoding: info) }
        var meta = TaskMeta(taskID: id, state: state, outcome: .value(value), groupID: groupID, parentID: parentID)
        let settings = app.configuration.settings
        if settings.resultExtended {
            meta.extended = TaskMeta.Extended(task, body: body, worker: hostname, retries: retries, queue: queue)
            meta.add(stamps: stamps)
        }
        do {
            try await app.resultBackend()
                .store(
                    [StoredResult(meta, expires: settings.resultExpires, since: began)],
                    timeout: settings.brokerTimeout
                )
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: id)
        }
    }

    /// Throws when the run is to stop: ``SoftTimeLimitExceeded``, or `CancellationError`.
    ///
    /// The Swift task is cancelled in all these cases, so that whatever it awaits ends; this tells which it was.
    public func checkLimits() throws {
        switch control.cause {
        case .softTimeLimit(let limit): throw SoftTimeLimitExceeded(limit: limit)
        case .hardTimeLimit, .terminated, .shutdown: throw CancellationError()
        case nil: try Task.checkCancellation()
        }
    }

    /// Whether the soft time limit has passed.
    public var isSoftTimeLimitExceeded: Bool {
        if case .softTimeLimit? = control.cause { true } else { false }
    }

    func addChild(_ id: String) { addChild(.task(id: id, parent: nil)) }

    func addChild(_ result: ResultTree) { sentChildren.withLock { $0.append(result.tuple) } }

    /// Numbers what is added to the task's chord next, from 0.
    func nextAddition() -> Int { additions.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// Result tuples of the tasks sent so far.
    var children: [CeleryValue] { sentChildren.withLock { $0 } }
}

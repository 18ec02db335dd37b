//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

extension Workflow {
    /// The same with options of its own, wherever it is sent from: Celery's `set`.
    ///
    /// They come before the task's own options and its routes; what ``applyAsync(_:)`` is given comes before them. As there, those
    /// of a chain are for its first step, those of a group or chord for each of its members, and a `taskID` names what the
    /// workflow comes to. What is not set here stays as it was.
    ///
    /// ```swift
    /// try await fetch.s(url).then(resize.s(800).set(SendOptions(queue: "images", timeLimit: .seconds(60)))).delay()
    /// ```
    public func set(_ options: SendOptions) -> Workflow {
        with { node in
            if let id = options.taskID { node.last(is: id) }
            var others = options
            others.taskID = nil
            node.set(others.signatureOptions)
        }
    }

    /// The most used options as parameters, all of them in ``SendOptions``.
    public func set(
        queue: String? = nil,
        countdown: Duration? = nil,
        eta: Timestamp? = nil,
        expires: Duration? = nil,
        priority: Int? = nil
    ) -> Workflow {
        set(SendOptions(countdown: countdown, eta: eta, expires: expires, queue: queue, priority: priority))
    }
}

extension GroupWorkflow {
    /// As `set` of ``Workflow``, for each of its members.
    public func set(_ options: SendOptions) -> GroupWorkflow { GroupWorkflow(workflow.set(options)) }

    /// The most used options as parameters, all of them in ``SendOptions``.
    public func set(
        queue: String? = nil,
        countdown: Duration? = nil,
        eta: Timestamp? = nil,
        expires: Duration? = nil,
        priority: Int? = nil
    ) -> GroupWorkflow {
        GroupWorkflow(
            workflow.set(queue: queue, countdown: countdown, eta: eta, expires: expires, priority: priority)
        )
    }

    /// Spreads the members over time: the first is started after `start`, each other `step` after the one before it, and those that
    /// would come after `stop` at the last time before it. Celery's `group.skew`.
    ///
    /// ```swift
    /// try await group(pages) { fetch.s($0) }.skew(from: .zero, by: .milliseconds(200)).delay()
    /// ```
    public func skew(
        from start: Duration = .seconds(1),
        through stop: Duration? = nil,
        by step: Duration = .seconds(1)
    ) -> GroupWorkflow {
        GroupWorkflow(workflow.with { $0.skew(from: start, through: stop, by: step) })
    }
}

extension CanvasNode {
    /// Gives the members of the group that it is or ends in times to start at.
    fileprivate mutating func skew(from start: Duration, through stop: Duration?, by step: Duration) {
        switch shape {
        case .call: break
        case .chain(var steps):
            guard !steps.isEmpty else { return }
            steps[steps.count - 1].skew(from: start, through: stop, by: step)
            shape = .chain(steps)
        case .group(var members):
            var countdown = start
            for index in members.indices {
                members[index].set(SendOptions(countdown: countdown).signatureOptions)
                let next = countdown + step
                if stop.map({ next <= $0 }) ?? true { countdown = next }
            }
            shape = .group(members)
        case .chord(let header, var body):
            body.skew(from: start, through: stop, by: step)
            shape = .chord(header: header, body: body)
        }
    }

    /// Adds options to the calls that are sent first, and to the body of a chord that is.
    mutating func set(_ options: CeleryObject) {
        switch shape {
        case .call:
            for (name, value) in options.members { signature.options[name] = value }
        case .chain(var steps):
            guard !steps.isEmpty else { return }
            steps[0].set(options)
            shape = .chain(steps)
        case .group(var members):
            for index in members.indices { members[index].set(options) }
            shape = .group(members)
        case .chord(var header, var body):
            header.set(options)
            body.set(options.forChordBody)
            shape = .chord(header: header, body: body)
        }
    }
}

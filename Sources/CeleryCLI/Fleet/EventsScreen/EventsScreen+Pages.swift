//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

extension EventsScreen {
    /// A page that is not the list: a title, what there is to read, and how to go back.
    func leafLines(width: Int, height: Int) -> [StyledLine] {
        let all = pageLines(width: width)
        let rows = max(1, height - 1)
        let first = max(0, min(scroll, all.count - rows))
        var lines = Array(all[first..<min(all.count, first + rows)])
        lines += Array(repeating: StyledLine(), count: max(0, rows - lines.count))
        guard height > 1 else { return lines }
        let place = all.count > rows ? " (j:down k:up, line \(first + 1) of \(all.count))" : ""
        lines.append(StyledLine("Press any key to continue..." + place, .bold))
        return lines
    }

    /// All of it, however long.
    func pageLines(width: Int) -> [StyledLine] {
        switch page {
        case .list: []
        case .info(let id): titled("Task details for \(id)", infoLines(id, width: width), width: width)
        case .traceback(let id):
            titled(
                "Task Exception Traceback for \(id)",
                wrapped(fleet.tasks[id]?.traceback ?? "no traceback was sent", width: width),
                width: width
            )
        case .result(let id): titled("Task Result for \(id)", resultLines(id, width: width), width: width)
        case .replies(let replies): titled("Remote Control Command Replies", replyLines(replies), width: width)
        }
    }

    private func titled(_ title: String, _ lines: [StyledLine], width: Int) -> [StyledLine] {
        [StyledLine(title, .underlined), StyledLine()] + lines
    }

    private func wrapped(_ text: String, width: Int, indent: Int = 0) -> [StyledLine] {
        let pad = String(repeating: " ", count: indent)
        return ScreenText.wrap(text, max(1, width - indent)).map { StyledLine(pad + $0) }
    }

    /// A fact a line; one that is too wide stands below its name.
    private func infoLines(_ id: String, width: Int) -> [StyledLine] {
        guard let task = fleet.tasks[id] else { return [StyledLine("The task is no longer known.")] }
        return TaskFacts(task).all
            .flatMap { name, value -> [StyledLine] in
                var line = StyledLine("\(name): ", .bold)
                let clean = ScreenText.clean(value)
                if ScreenText.width(clean) <= width - name.count - 2 {
                    line.add(clean)
                    return [line]
                }
                return [line] + wrapped(value, width: width, indent: 4)
            }
    }

    private func resultLines(_ id: String, width: Int) -> [StyledLine] {
        guard let task = fleet.tasks[id] else { return [StyledLine("The task is no longer known.")] }
        guard let text = task.result ?? task.exception else {
            return [StyledLine("None is known (state \(task.state.rawValue)).")]
        }
        return wrapped(text, width: width)
    }

    private func replyLines(_ replies: [ControlReply]) -> [StyledLine] {
        guard !replies.isEmpty else { return [StyledLine("No replies received in 1s deadline.", .colour(.red))] }
        return replies.map { reply in
            var line = StyledLine("\(reply.hostname): ", .bold)
            if let error = reply.error {
                line.add(error, .colour(.red))
            } else {
                line.add(reply.ok ?? PythonRepr.describe(reply.value), .colour(.green))
            }
            return line
        }
    }
}

/// What is known of a task, by Celery's names and in its order.
struct TaskFacts {
    private let task: TaskRecord

    init(_ task: TaskRecord) { self.task = task }

    /// For one line.
    var short: [(name: String, value: String)] {
        info.map { name, value in
            switch name {
            case "runtime": (name, task.runtime.map { Self.twoDigits($0) } ?? value)
            case "result": (name, ScreenText.fit(value, 16))
            default: (name, value)
            }
        }
    }

    /// For a page of their own.
    var all: [(name: String, value: String)] {
        Self.present([("name", task.name), ("worker", task.worker ?? task.client)]) + info
            + own + [("state", task.state.rawValue)]
    }

    /// What the app's own events have told of it.
    private var own: [(name: String, value: String)] {
        task.fields.members.map { name, value in
            (ScreenText.clean(name), value.text ?? PythonRepr.describe(value))
        }
    }

    private var info: [(name: String, value: String)] {
        Self.present([
            ("args", task.args), ("kwargs", task.kwargs), ("retries", task.retries.map(String.init)),
            ("result", task.result), ("eta", task.eta), ("runtime", task.runtime.map { "\($0)" }),
            ("expires", task.expires), ("exception", task.exception), ("exchange", task.exchange),
            ("routing_key", task.routingKey), ("root_id", task.rootID), ("parent_id", task.parentID),
        ])
    }

    private static func present(_ facts: [(String, String?)]) -> [(name: String, value: String)] {
        facts.compactMap { name, value in value.map { (name, $0) } }
    }

    private static func twoDigits(_ seconds: Double) -> String {
        let hundredths = (seconds * 100).rounded()
        guard abs(hundredths) < 1e15 else { return "\(seconds)" }
        let (whole, rest) = Int(hundredths.magnitude).quotientAndRemainder(dividingBy: 100)
        return "\(seconds < 0 ? "-" : "")\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

extension EventsScreen {
    /// The screen as lines, one for each row, none wider than it. Whatever is in names and results, nothing commands the terminal
    /// but colours, and those only where they are wanted.
    func render(width: Int, height: Int, colour: Bool) -> [String] {
        guard width > 0, height > 0 else { return [] }
        let lines = page == .list ? listLines(width: width, height: height) : leafLines(width: width, height: height)
        return lines.prefix(height).map { $0.text(width: width, colour: colour) }
    }

    private func listLines(width: Int, height: Int) -> [StyledLine] {
        let layout = ScreenLayout(height: height)
        let columns = ListColumns(width: width - Self.markWidth)
        var lines: [StyledLine] = []
        if layout.hasTitle { lines.append(titleLine(width: width)) }
        if layout.hasHeader {
            let row = columns.row(id: "UUID", task: "TASK", worker: "WORKER", time: "TIME")
            lines.append(StyledLine("  " + row + (columns.state > 0 ? "STATE" : ""), .underlined))
        }
        let first = firstRow(rows: layout.rows)
        let ids = order[first..<min(order.count, first + layout.rows)]
        lines += ids.compactMap { fleet.tasks[$0] }.map { taskLine($0, columns) }
        lines += Array(repeating: StyledLine(), count: max(0, layout.rows - ids.count))
        if layout.hasRule { lines.append(StyledLine(String(repeating: "-", count: width), .dim)) }
        if layout.hasDetails { lines += [selectedLine(width: width), workersLine(width: width)] }
        if layout.hasInfo { lines.append(infoLine(isAlone: !layout.hasDetails)) }
        if layout.hasKeys { lines.append(keysLine(width: width)) }
        // A question takes the last line of whatever there is.
        if !layout.hasKeys, prompt != nil || notice != nil { lines[lines.count - 1] = keysLine(width: width) }
        return lines
    }

    private static let markWidth = 2

    /// Of the list: so that the selected task is in the middle, as far as that can be.
    private func firstRow(rows: Int) -> Int {
        guard let position else { return 0 }
        return max(0, min(position - rows / 2, order.count - rows))
    }

    private func titleLine(width: Int) -> StyledLine {
        var line = StyledLine(title, .colour(.blue))
        let left = width - ScreenText.width(ScreenText.clean(title)) - 2
        let place = ScreenText.fit(location, max(0, left))
        line.add(String(repeating: " ", count: max(0, left + 2 - ScreenText.width(place))))
        line.add(place, .dim)
        return line
    }

    private func taskLine(_ task: TaskRecord, _ columns: ListColumns) -> StyledLine {
        let isSelected = task.id == selected
        let base: StyledLine.Style = isSelected ? .reverse : .plain
        var line = StyledLine(isSelected ? "> " : "  ", base)
        line.add(
            columns.row(
                id: task.id,
                task: ListColumns.shortened(task.name, columns.task),
                worker: task.worker ?? "*NONE*",
                time: timeText(task.timestamp)
            ),
            base
        )
        let state = ScreenText.fit(task.state.rawValue, columns.state, pads: true)
        line.add(state, base.with(Self.style(of: task.state)))
        return line
    }

    private static func style(of state: TaskState) -> StyledLine.Style {
        switch state {
        case .success: .colour(.green)
        case .failure, .retry, .rejected: .colour(.red)
        case .revoked: .colour(.magenta)
        case .started: .colour(.yellow)
        default: .plain
        }
    }

    private func selectedLine(width: Int) -> StyledLine {
        guard let id = selected, let task = fleet.tasks[id] else { return StyledLine("No task selected") }
        var line = StyledLine("Selected: ", .bold)
        let facts = TaskFacts(task).short
        let text = facts.isEmpty ? "Missing extended info" : facts.map { "\($0)=\($1)" }.joined(separator: " ")
        let room = width - 10
        let more = "... -> key i"
        guard ScreenText.exceeds(text, room), room > more.count else {
            line.add(text)
            return line
        }
        line.add(ScreenText.fit(text, room - more.count, ellipsis: ""))
        line.add(more, .bold)
        return line
    }

    private func workersLine(width: Int) -> StyledLine {
        guard isListening else { return StyledLine("Connecting to the broker...") }
        guard !aliveWorkers.isEmpty else { return StyledLine("No workers discovered.") }
        var line = StyledLine("Workers online: ", .bold)
        line.add(aliveWorkers.joined(separator: ", "))
        return line
    }

    private func infoLine(isAlone: Bool) -> StyledLine {
        var line = StyledLine(isAlone ? "" : "Info: ", .bold)
        let workers = "workers:\(aliveWorkers.count)/\(fleet.workers.count)"
        line.add("events:\(fleet.eventCount) tasks:\(fleet.tasks.count) \(workers)", .dim)
        return line
    }

    private func keysLine(width: Int) -> StyledLine {
        if let prompt { return promptLine(prompt, width: width) }
        if let notice { return StyledLine(notice, .bold) }
        var line = StyledLine("Keys: ", .bold)
        line.add("j:down k:up i:info t:traceback r:result c:revoke l:rate limit q:quit", .dim)
        return line
    }

    private func promptLine(_ prompt: Prompt, width: Int) -> StyledLine {
        switch prompt {
        case .revoke(let id):
            let (question, answers) = ("Revoke ", "? (y/n) ")
            let name = fleet.tasks[id]?.name.map { "\($0) " } ?? ""
            var line = StyledLine(question, .bold)
            line.add(ScreenText.fit("\(name)\(id)", max(0, width - question.count - answers.count)))
            line.add(answers, .bold)
            return line
        case .rateLimit(_, let typed):
            var line = StyledLine("New rate limit: ", .bold)
            line.add(typed + "_")
            return line
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// How wide the columns of the list of tasks are; a narrow screen leaves some out.
struct ListColumns: Equatable {
    static let stateWidth = 8
    static let timeWidth = 8
    private static let fullID = 36
    private static let leastTask = 16
    private static let leastWorker = 15

    /// 0 for a column that is not shown.
    var id = 0
    var task = 0
    var worker = 0
    var time = 0
    var state = 0

    /// - Parameter width: Of a whole row.
    init(width: Int) {
        // Between columns is one space.
        let rest = width - Self.timeWidth - Self.stateWidth - 2
        if rest >= Self.leastTask + Self.leastWorker + 10 {
            (time, state) = (Self.timeWidth, Self.stateWidth)
            id = min(Self.fullID, rest - Self.leastTask - Self.leastWorker - 2)
            let names = rest - id - 2
            task = (names + 1) / 2
            worker = names - task
        } else if rest >= 8 + 1 + Self.leastTask {
            (time, state) = (Self.timeWidth, Self.stateWidth)
            id = 8
            task = rest - id - 1
        } else if rest >= 8 {
            (time, state) = (Self.timeWidth, Self.stateWidth)
            task = rest
        } else if width >= Self.stateWidth + 1 + 4 {
            state = Self.stateWidth
            task = width - state - 1
        } else {
            task = max(0, width)
        }
    }

    /// The cells as one text, up to where the state begins.
    func row(id: String, task: String, worker: String, time: String) -> String {
        let cells = [(id, self.id), (task, self.task), (worker, self.worker), (time, self.time)]
            .filter { $0.1 > 0 }
            .map { ScreenText.fit($0.0, $0.1, pads: true) }
        return cells.joined(separator: " ") + (state > 0 ? " " : "")
    }

    /// A task's name in so many columns: its last part is kept, and what is cut is marked, as Celery marks it: `proj.i[.]resize`.
    static func shortened(_ name: String?, _ width: Int) -> String {
        guard let name, !name.isEmpty else { return "???" }
        let clean = ScreenText.clean(name)
        guard ScreenText.width(clean) > width, let dot = clean.lastIndex(of: ".") else { return clean }
        let last = String(clean[clean.index(after: dot)...])
        let room = width - ScreenText.width(last) - 3
        guard room > 0 else { return clean }
        return ScreenText.fit(String(clean[..<dot]), room, ellipsis: "") + "[.]" + last
    }
}

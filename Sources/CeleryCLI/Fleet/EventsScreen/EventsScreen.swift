//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

/// The screen of `celery events`: what is known of the fleet, what of it is shown, and what a key does. It draws lines and says what
/// is to be done; it does nothing itself.
///
/// Source: the keys and words of Celery's `cursesmon`. Unlike there, the list holds all tasks, and revoking is asked about.
struct EventsScreen {
    /// What the screen wants done.
    enum Action: Equatable {
        case quit
        /// Ctrl+Z.
        case suspend
        /// Everything is to be drawn anew.
        case redraw
        /// The key could not be meant.
        case ring
        case revoke(id: String)
        case rateLimit(task: String, limit: String)
    }

    /// What is shown.
    enum Page: Equatable {
        case list
        case info(id: String)
        case traceback(id: String)
        case result(id: String)
        case replies([ControlReply])
    }

    /// What the last line asks for.
    enum Prompt: Equatable {
        case revoke(id: String)
        case rateLimit(task: String, typed: String)
    }

    /// First line: program and version, and which broker.
    var title: String
    var location: String
    /// `12:00:01` of a moment.
    var timeText: @Sendable (Timestamp) -> String

    /// Whether events are heard yet: before, that none came means nothing.
    var isListening = true
    /// A word about what goes on, in the place of the keys.
    private(set) var notice: String?
    /// Whether a command is on its way, whose replies are awaited.
    private(set) var isWaiting = false
    private(set) var page = Page.list
    private(set) var prompt: Prompt?
    /// The selected task's id.
    private(set) var selected: String?
    /// First line of a page that is longer than the screen.
    private(set) var scroll = 0
    private(set) var fleet = ClusterState()
    /// Ids of the tasks, those that were heard of last first.
    private(set) var order: [String] = []
    private(set) var aliveWorkers: [String] = []

    init(
        title: String = "celery events",
        location: String = "",
        timeText: @escaping @Sendable (Timestamp) -> String = { String($0.iso8601.dropFirst(11).prefix(8)) }
    ) {
        self.title = title
        self.location = location
        self.timeText = timeText
    }

    /// Takes in what is known now.
    mutating func update(_ fleet: ClusterState, at now: Timestamp) {
        self.fleet = fleet
        order = fleet.idsByTime()
        aliveWorkers = fleet.aliveWorkers(at: now).map(\.hostname)
        if let id = selected, fleet.tasks[id] == nil { selected = nil }
    }

    /// Shows what workers answered.
    mutating func show(_ replies: [ControlReply]) {
        (isWaiting, notice, prompt) = (false, nil, nil)
        open(.replies(replies))
    }

    /// Shows why a command came to nothing.
    mutating func fail(_ message: String) { (isWaiting, notice) = (false, message) }

    /// What a key does. Nil: it changes nothing but the screen.
    ///
    /// - Parameters:
    ///   - width: Of the screen, in columns.
    ///   - height: In rows.
    mutating func press(_ key: Key, width: Int, height: Int) -> Action? {
        switch key {
        case .interrupt: return .quit
        case .suspend: return .suspend
        case .redraw: return .redraw
        default: break
        }
        if !isWaiting { notice = nil }
        if let prompt { return answer(prompt, key) }
        guard page == .list else {
            leaf(key, width: width, height: height)
            return nil
        }
        return pressInList(key, rows: ScreenLayout(height: height).rows)
    }

    private mutating func pressInList(_ key: Key, rows: Int) -> Action? {
        switch key {
        case .down, .character("j"), .character("J"): move(1)
        case .up, .character("k"), .character("K"): move(-1)
        case .pageDown, .character(" "): move(max(1, rows))
        case .pageUp: move(-max(1, rows))
        case .home, .character("g"): select(0)
        case .end, .character("G"): select(order.count - 1)
        case .escape: selected = nil
        case .character("q"), .character("Q"): return .quit
        case .enter: return pressOnTask("I")
        case .character(let character):
            guard character.isASCII, let letter = character.uppercased().first else { return nil }
            return pressOnTask(letter)
        default: break
        }
        return nil
    }

    private mutating func pressOnTask(_ letter: Character) -> Action? {
        guard "ITRCL".contains(letter) else { return nil }
        guard let id = selected, let task = fleet.tasks[id] else { return .ring }
        switch letter {
        case "I": open(.info(id: id))
        case "R": open(.result(id: id))
        case "T":
            guard task.state.isException else { return .ring }
            open(.traceback(id: id))
        case _ where isWaiting && "CL".contains(letter): return .ring
        case "C": prompt = .revoke(id: id)
        default:
            guard let name = task.name else { return .ring }
            prompt = .rateLimit(task: name, typed: "")
        }
        return nil
    }

    private mutating func answer(_ prompt: Prompt, _ key: Key) -> Action? {
        switch (prompt, key) {
        case (.revoke(let id), .character("y")), (.revoke(let id), .character("Y")):
            return command(.revoke(id: id))
        case (.revoke, _), (_, .escape): self.prompt = nil
        case (.rateLimit(let task, let typed), .enter):
            let limit = String(typed.filter { $0 != " " })
            guard limit.isEmpty else { return command(.rateLimit(task: task, limit: limit)) }
            self.prompt = nil
        case (.rateLimit(let task, let typed), .backspace):
            self.prompt = .rateLimit(task: task, typed: String(typed.dropLast()))
        case (.rateLimit(let task, let typed), .character(let character)):
            guard typed.count < 32 else { return .ring }
            self.prompt = .rateLimit(task: task, typed: typed + String(character))
        default: break
        }
        return nil
    }

    /// One at a time: their replies come to one page.
    private mutating func command(_ action: Action) -> Action {
        prompt = nil
        (isWaiting, notice) = (true, "Waiting for replies...")
        return action
    }

    /// Moves in a page that is longer than the screen; any other key goes back.
    private mutating func leaf(_ key: Key, width: Int, height: Int) {
        let rows = max(1, height - 1)
        let last = max(0, pageLines(width: width).count - rows)
        switch key {
        case .down, .character("j"), .character("J"): scroll = min(last, scroll + 1)
        case .up, .character("k"), .character("K"): scroll = max(0, min(last, scroll) - 1)
        case .pageDown, .character(" "): scroll = min(last, scroll + rows)
        case .pageUp: scroll = max(0, min(last, scroll) - rows)
        case .home, .character("g"): scroll = 0
        case .end, .character("G"): scroll = last
        default: open(.list)
        }
    }

    private mutating func open(_ page: Page) {
        self.page = page
        scroll = 0
    }

    /// Where the selected task stands in the list; nil when none is selected.
    var position: Int? { selected.flatMap { order.firstIndex(of: $0) } }

    private mutating func move(_ steps: Int) {
        guard let position else { return select(0) }
        select(position + steps)
    }

    private mutating func select(_ position: Int) {
        guard !order.isEmpty else { return }
        selected = order[max(0, min(order.count - 1, position))]
    }
}

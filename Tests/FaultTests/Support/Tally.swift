//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

@testable import FaultHarness

/// What became of tasks, counted from what they wrote down themselves, and what should not have become of them.
struct Tally {
    private(set) var sent = 0
    private(set) var run = 0
    private(set) var succeeded = 0
    /// Of what was sent for certain. That which was not may go with a server that dies, and with nothing else.
    private(set) var lost = 0
    private(set) var runTwice = 0
    private(set) var workerLost = 0
    private(set) var breaches: [String] = []

    private struct Life {
        var isSent = false
        var runs: [Ledger.Process] = []
        var hasEnded = false
    }

    /// - Parameters:
    ///   - contracts: How each task is acknowledged; late where nothing is said.
    ///   - dead: The processes that were killed. A task may run again only when such a one had begun it, and early ones not even then.
    init(
        _ entries: [Ledger.Entry],
        endings: [String: Ending],
        contracts: [String: Contract] = [:],
        dead: Set<Int32> = []
    ) {
        for (id, life) in Self.lives(entries) {
            sent += life.isSent ? 1 : 0
            run += life.runs.isEmpty ? 0 : 1
            runTwice += life.runs.count > 1 ? 1 : 0
            judge(id, life, endings[id] ?? .nothing, contracts[id] ?? .late)
            judgeRepeats(id, life, contracts[id] ?? .late, dead)
        }
    }

    private static func lives(_ entries: [Ledger.Entry]) -> [String: Life] {
        var lives: [String: Life] = [:]
        for entry in entries {
            switch entry {
            case .sent(let id, _, _): lives[id, default: Life()].isSent = true
            case .started(let id, let process, _, _): lives[id, default: Life()].runs.append(process)
            case .ended(let id, _, _): lives[id, default: Life()].hasEnded = true
            }
        }
        return lives
    }

    private mutating func judge(_ id: String, _ life: Life, _ ending: Ending, _ contract: Contract) {
        switch ending {
        case .success:
            succeeded += 1
            if !life.hasEnded { breaches.append("\(id) has a result and never ran to its end") }
        case .failure("WorkerLostError", _):
            workerLost += 1
            if contract == .late {
                breaches.append("\(id) failed with WorkerLostError in spite of reject_on_worker_lost")
            }
        case .failure(let type, _): breaches.append("\(id) failed with \(type)")
        case .deadLetter: breaches.append("\(id) became a dead letter")
        // Its sender was never told that it was sent: nobody was promised anything, and it is odd only that it began.
        case .nothing where !life.isSent:
            if !life.runs.isEmpty { breaches.append("\(id) was not sent, began, and has no result") }
        case .nothing:
            lost += life.isSent ? 1 : 0
            let sending = life.isSent ? "" : ", its sender never told that it was sent"
            breaches.append("\(id) is lost: \(life.runs.isEmpty ? "never run" : "begun")\(sending), and no result")
        }
    }

    private mutating func judgeRepeats(_ id: String, _ life: Life, _ contract: Contract, _ dead: Set<Int32>) {
        guard life.runs.count > 1 else { return }
        if contract == .early {
            breaches.append("\(id) ran \(life.runs.count) times in spite of its early acknowledgement")
        }
        for process in life.runs.dropLast() where !dead.contains(process.pid) && !dead.contains(process.parent) {
            breaches.append("\(id) ran again although nothing had happened to \(process.pid), where it ran before")
        }
    }

    var description: String {
        "sent \(sent), run \(run), succeeded \(succeeded), WorkerLostError \(workerLost), lost \(lost), run twice \(runTwice)"
    }

    static let columns = "sent | run | succeeded | WorkerLostError | lost | run twice"
    var cells: String { "\(sent) | \(run) | \(succeeded) | \(workerLost) | \(lost) | \(runTwice)" }
}

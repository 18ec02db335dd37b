//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Foundation

/// What is compared.
enum System: String, CaseIterable, Sendable {
    case celeryPrefork = "Celery `prefork -c 2`"
    case celeryThreads = "Celery `threads -c 2`"
    case prefork = "ours `prefork -c 2`"
    case async = "ours `async -c 256`"

    var isCelery: Bool { self == .celeryPrefork || self == .celeryThreads }
    var pool: [String] {
        switch self {
        case .celeryPrefork, .prefork: ["-P", "prefork", "-c", "2"]
        case .celeryThreads: ["-P", "threads", "-c", "2"]
        case .async: ["-P", "async", "-c", "256"]
        }
    }
}

/// Figures of several rounds, and the table that is made of their medians.
struct Report {
    /// A line of the table.
    struct Row: Hashable {
        var name: String
        var decimals = 0
        var aim = ""
        /// A ratio says how many times better: more, or less.
        var isLessBetter = false
    }

    private var rows: [Row] = []
    private var samples: [Row: [System: [Double]]] = [:]

    mutating func add(_ row: Row, _ system: System, _ value: Double?) {
        guard let value else { return }
        if samples[row] == nil { rows.append(row) }
        samples[row, default: [:]][system, default: []].append(value)
    }

    func median(_ name: String, _ system: System) -> Double? {
        rows.first { $0.name == name }.flatMap { samples[$0]?[system] }.flatMap { quantile($0, 0.5) }
    }

    /// Ratios are against Celery's prefork; for what Celery does not do, against what the row before it says it does.
    var table: String {
        var lines = [
            "| | " + System.allCases.map(\.rawValue).joined(separator: " | ") + " | prefork | async | aim |",
            "|---" + String(repeating: "|---:", count: System.allCases.count + 2) + "|---|",
        ]
        for row in rows {
            var cells = [row.name]
            let medians = System.allCases.map { system in samples[row]?[system].flatMap { quantile($0, 0.5) } }
            cells += medians.map { $0.map { Self.text($0, row.decimals) } ?? "" }
            for own in [medians[2], medians[3]] {
                guard let own, let theirs = medians[0], own > 0, theirs > 0 else {
                    cells.append("")
                    continue
                }
                let ratio = row.isLessBetter ? theirs / own : own / theirs
                cells.append(number(ratio, ratio < 10 ? 1 : 0) + " ×")
            }
            cells.append(row.aim)
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    /// With a comma for thousands.
    static func text(_ value: Double, _ decimals: Int) -> String {
        guard decimals == 0 else { return number(value, decimals) }
        var digits = number(value, 0)
        var place = digits.count - 3
        // A minus sign is no digit.
        while place > (digits.hasPrefix("-") ? 1 : 0) {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
            place -= 3
        }
        return digits
    }
}

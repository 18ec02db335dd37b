//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

@testable import FaultHarness

/// How hard the fault tests strike, and where their figures go.
enum FaultReport {
    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// Whether this is the long run, `scripts/faults.sh tests`.
    static var isLong: Bool { variable("FAULTS_LONG") == "1" }

    /// Prints a table with notes below it, and adds them to the file that `FAULTS_REPORT` names.
    static func add(_ title: String, _ header: String, _ rows: [String], notes: [String] = []) {
        let columns = header.split(separator: "|").count
        let rule = "|" + String(repeating: "---|", count: columns)
        let list = notes.isEmpty ? "" : notes.map { "\n- \($0)" }.joined() + "\n"
        let text = "\n## \(title)\n\n| \(header) |\n\(rule)\n" + rows.map { "| \($0) |\n" }.joined() + list
        print(text)
        if let path = variable("FAULTS_REPORT") { try? TextFile.append(text, to: path) }
    }
}

extension Double {
    /// With one digit after the point.
    var tenths: String { "\((self * 10).rounded() / 10)" }
}

extension Duration {
    var seconds: Double { self / .seconds(1) }
}

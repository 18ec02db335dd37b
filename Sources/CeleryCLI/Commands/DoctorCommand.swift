//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryCore
import CeleryKit
import CeleryWire

/// `celery doctor`: what is wrong with the broker, and what helps.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the broker and how it is set up, and repair what can be.",
        discussion: """
            Prints each finding with its cure. Exit code 1 when one is serious and was \
            not repaired, else 0. What --repair does loses no message and takes none \
            from a worker that lives; it may wait for seconds to be sure of that.
            """
    )

    @Flag(help: "Repair what is safe to repair.")
    var repair = false

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let transport = try await context.app.transport()
        let report = DoctorReport(
            location: transport.location,
            hasChecks: transport.examiner != nil,
            findings: try await findings(transport)
        )
        if json {
            Terminal.say(CeleryValue.object(report.object).settingJSON)
        } else {
            Terminal.say(report.page(context.terminal(1), isQuiet: context.globals.isQuiet))
        }
        if report.isSerious { throw CommandFailure("") }
    }

    private func findings(_ transport: any Transport) async throws(TransportError) -> [Finding] {
        if let examiner = transport.examiner { return try await examiner.examine(repair: repair) }
        do throws(TransportError) {
            _ = try await transport.status(of: [])
            return []
        } catch {
            return [
                Finding(.serious, "unreachable", "\(error)", cure: "start the broker, or correct broker_url")
            ]
        }
    }
}

/// What an examination has shown, for people and for scripts.
struct DoctorReport: Sendable {
    var location: String
    /// Whether the broker has been asked for more than being there.
    var hasChecks: Bool
    /// The worst first.
    var findings: [Finding]

    init(location: String, hasChecks: Bool, findings: [Finding]) {
        self.location = location
        self.hasChecks = hasChecks
        // Stable: what was found first of a kind comes first.
        self.findings = [.serious, .warning, .note]
            .flatMap { (severity: Finding.Severity) in
                findings.filter { $0.severity == severity }
            }
    }

    /// Whether something serious is left.
    var isSerious: Bool { findings.contains { $0.severity == .serious && !$0.isRepaired } }

    var object: CeleryObject {
        [
            "broker": .string(location), "checked": .bool(hasChecks), "serious": .bool(isSerious),
            "findings": .array(
                findings.map { finding in
                    [
                        "severity": .string(finding.severity.description), "code": .string(finding.code),
                        "found": .string(finding.found), "cure": .string(finding.cure),
                        "repairable": .bool(finding.isRepairable), "repaired": .bool(finding.isRepaired),
                    ]
                }
            ),
        ]
    }

    func page(_ terminal: Terminal, isQuiet: Bool) -> String {
        var lines = isQuiet ? [] : [location, ""]
        for finding in findings {
            let head = finding.isRepaired ? "repaired" : finding.severity.description
            let found = Self.printable(finding.found)
            lines.append("\(terminal.paint(head, Self.colour(finding))) \(finding.code): \(found)")
            if !finding.isRepaired { lines.append("    cure: \(Self.printable(finding.cure))") }
        }
        if !findings.isEmpty, !isQuiet { lines.append("") }
        lines.append(summary)
        return lines.joined(separator: "\n")
    }

    /// With what a terminal would act upon written as `redis-cli` reads it: names of keys are other people's.
    private static func printable(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { text, scalar in
            guard scalar.properties.generalCategory == .control else { return text.unicodeScalars.append(scalar) }
            let digits = String(scalar.value, radix: 16)
            text += "\\x" + (digits.count < 2 ? "0" : "") + digits
        }
    }

    private static func colour(_ finding: Finding) -> Terminal.Colour {
        if finding.isRepaired { return .green }
        return finding.severity == .serious ? .red : finding.severity == .warning ? .yellow : .cyan
    }

    private var summary: String {
        guard !findings.isEmpty else {
            return hasChecks ? "Nothing was found." : "It can be reached; there are no further checks for this broker."
        }
        func count(_ severity: Finding.Severity) -> Int {
            findings.filter { $0.severity == severity && !$0.isRepaired }.count
        }
        let counts =
            "\(count(.serious)) serious, \(Self.counted(count(.warning), "warning")), "
            + Self.counted(count(.note), "note")
        let repaired = findings.filter(\.isRepaired).count
        let repairable = findings.filter { $0.isRepairable && !$0.isRepaired }.count
        return counts + (repaired > 0 ? "; \(repaired) repaired" : "")
            + (repairable > 0 ? "; \(repairable) can be repaired with --repair" : "") + "."
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

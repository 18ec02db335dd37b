//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Testing

@testable import CeleryCLI

@Suite struct DoctorReportTests {
    private let findings = [
        Finding(.note, "dead-letters", "2 messages were set aside", cure: "celery dead"),
        Finding(.serious, "eviction", "maxmemory-policy is allkeys-lru", cure: "CONFIG SET"),
        Finding(.serious, "no-message", "1 message cannot be read", cure: "doctor --repair", isRepairable: true),
    ]
    private let plain = Terminal(usesColour: false)

    @Test func theWorstComesFirstWithItsCure() {
        let page = DoctorReport(location: "redis://h/0", hasChecks: true, findings: findings)
            .page(plain, isQuiet: false)
        #expect(
            page == """
                redis://h/0

                serious eviction: maxmemory-policy is allkeys-lru
                    cure: CONFIG SET
                serious no-message: 1 message cannot be read
                    cure: doctor --repair
                note dead-letters: 2 messages were set aside
                    cure: celery dead

                2 serious, 0 warnings, 1 note; 1 can be repaired with --repair.
                """
        )
    }

    @Test func whatWasRepairedIsNotSeriousAnyMore() {
        var findings = [findings[2]]
        #expect(DoctorReport(location: "", hasChecks: true, findings: findings).isSerious)
        findings[0].isRepaired = true
        let report = DoctorReport(location: "redis://h/0", hasChecks: true, findings: findings)
        #expect(!report.isSerious)
        #expect(
            report.page(plain, isQuiet: true) == """
                repaired no-message: 1 message cannot be read
                0 serious, 0 warnings, 0 notes; 1 repaired.
                """
        )
    }

    @Test func coloursAreForTerminals() {
        let report = DoctorReport(location: "x", hasChecks: true, findings: [findings[1]])
        #expect(
            report.page(Terminal(usesColour: true), isQuiet: true).hasPrefix("\u{1B}[1;31mserious\u{1B}[0m eviction")
        )
    }

    @Test func namesOfKeysDoNotReachTheTerminalAsTheyAre() {
        let finding = Finding(.note, "x", "q\u{6}\u{16}3 \u{1B}[2J\u{9B}\n", cure: "é\u{7F}")
        let page = DoctorReport(location: "x", hasChecks: true, findings: [finding]).page(plain, isQuiet: true)
        #expect(page.hasPrefix(#"note x: q\x06\x163 \x1b[2J\x9b\x0a"# + "\n    cure: é\\x7f\n"))
    }

    @Test func scriptsGetAllOfIt() {
        let report = DoctorReport(location: "redis://h/0", hasChecks: true, findings: [findings[2]])
        let finding: CeleryValue = [
            "severity": "serious", "code": "no-message", "found": "1 message cannot be read", "cure": "doctor --repair",
            "repairable": true, "repaired": false,
        ]
        #expect(report.object["findings"] == [finding])
        #expect(report.object["serious"] == true)
        #expect(report.object["broker"] == "redis://h/0")
    }

    @Test func aBrokerWithoutChecksSaysSo() {
        let page = DoctorReport(location: "memory://", hasChecks: false, findings: []).page(plain, isQuiet: false)
        #expect(page == "memory://\n\nIt can be reached; there are no further checks for this broker.")
    }
}

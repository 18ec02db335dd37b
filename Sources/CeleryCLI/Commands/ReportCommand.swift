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

/// `celery report`: what to put into a bug report.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show versions, platform, broker and settings for a bug report.",
        discussion: "Secrets are masked. Exit code 69 when broker or result backend cannot be reached."
    )

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let broker = await Self.probe {
            try await context.app.transport().status(of: [])
        } location: {
            try await context.app.transport().location
        }
        let backend = await Self.probe {
            let backend = try await context.app.resultBackend()
            // Of none there is nothing to ask.
            if backend.location != "disabled://" {
                _ = try await backend.fetch(["celery-report"], timeout: .seconds(5))
            }
        } location: {
            try await context.app.resultBackend().location
        }
        let software: CeleryObject = [
            "swift-celery": .string(Version.current), "swift": .string(Version.swift),
            "platform": .string(Version.platform),
        ]
        let settings = context.app.settings.describe()
        if json {
            let object: CeleryObject = [
                "software": .object(software), "app": .string(context.app.name), "broker": broker.value,
                "result_backend": backend.value,
                "tasks": .array(context.app.registeredTaskNames.map { .string($0) }), "settings": .object(settings),
            ]
            Terminal.say(CeleryValue.object(object).settingJSON)
        } else {
            let facts: [(String, String)] = [
                ("swift-celery", Version.current), ("swift", Version.swift), ("platform", Version.platform),
                ("app", context.app.name), ("tasks", String(context.app.registeredTaskNames.count)),
                ("broker", broker.text), ("results", backend.text),
            ]
            Terminal.say(Self.page(facts, settings))
        }
        if !broker.isReachable || !backend.isReachable { throw CommandFailure("", code: .unavailable) }
    }

    private static func page(_ facts: [(name: String, text: String)], _ settings: CeleryObject) -> String {
        var lines = facts.map { $0.name + String(repeating: " ", count: max(1, 14 - $0.name.count)) + $0.text }
        lines += ["", "settings that differ from the defaults:"]
        lines += settings.isEmpty ? ["  (none)"] : settings.members.map { "  \($0.key): \($0.value.settingJSON)" }
        return lines.joined(separator: "\n")
    }

    /// Whether a store answers, and where it is.
    struct Probe: Sendable {
        var location: String
        var problem: String?
        var isReachable: Bool { problem == nil }
        var text: String { problem.map { "\(location): \($0)" } ?? "\(location) (reachable)" }

        var value: CeleryValue {
            [
                "location": .string(location), "reachable": .bool(isReachable),
                "problem": problem.map { .string($0) } ?? .null,
            ]
        }
    }

    private static func probe(
        _ body: () async throws -> some Any,
        location: () async throws -> String
    ) async -> Probe {
        let place = (try? await location()) ?? "not reachable"
        do {
            _ = try await body()
            return Probe(location: place)
        } catch {
            return Probe(location: place, problem: ErrorText.describe(error).message)
        }
    }
}

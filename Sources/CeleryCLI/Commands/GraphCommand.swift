//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit
import CeleryWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `celery graph`: pictures as text.
struct GraphCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draw a workflow, or the workers.",
        subcommands: [GraphWorkflowCommand.self, GraphWorkersCommand.self, GraphBootstepsCommand.self]
    )
}

/// `celery graph bootsteps`: says that it is not there yet.
struct GraphBootstepsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bootsteps",
        abstract: "Not in this version.",
        shouldDisplay: false
    )

    @Argument(parsing: .allUnrecognized, help: .hidden)
    var words: [String] = []

    func run() async throws {
        throw CommandFailure.usage(
            "celery graph bootsteps is not in this version; it comes later (celery graph workers draws the fleet)"
        )
    }
}

/// `celery graph workflow`: a workflow before it is sent, or, from its results, while it runs.
struct GraphWorkflowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workflow",
        abstract: "Draw a workflow as Graphviz or Mermaid.",
        usage: "celery graph workflow (<source> | --result <result>) [<options>]",
        discussion: """
            For example: celery graph workflow album.json | dot -Tsvg > album.svg

            Tasks are shown with their names where the result store knows them (result_extended).
            """
    )

    /// What is written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case graphviz, mermaid
    }

    @Argument(
        help: ArgumentHelp(
            "A signature in JSON, as Python's or this package's: a file, or - for standard input. Or the name of a workflow of the app.",
            valueName: "source"
        )
    )
    var source: String?

    @Option(
        help: ArgumentHelp(
            "Draw what is known of a result: its id, or the tuple of ids as JSON, a file of it, or -.",
            valueName: "result"
        )
    )
    var result: String?

    @Option(help: ArgumentHelp("graphviz or mermaid.", valueName: "format"))
    var format = Format.graphviz

    @Flag(help: "With a signature whose tasks have ids: show their states.")
    var states = false

    mutating func validate() throws {
        guard (source == nil) != (result == nil) else {
            throw ValidationError("give either a signature or the name of a workflow, or --result")
        }
    }

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        var graph: WorkflowGraph
        if let result {
            graph = try await Self.asyncResult(result, app: context.app).graph()
        } else {
            graph = try Self.workflow(source ?? "-", app: context.app)
            if states { graph = try await graph.withStates(from: context.app) }
        }
        Terminal.say(String((format == .mermaid ? graph.mermaid : graph.graphviz).dropLast()))
    }

    private static func workflow(_ source: String, app: CeleryApp) throws -> WorkflowGraph {
        if source != "-", let graph = try app.graph(ofWorkflow: source) { return graph }
        guard let text = try text(of: source) else {
            let names = app.namedWorkflows
            let known = names.isEmpty ? "the app names no workflows" : "workflows: \(names.joined(separator: ", "))"
            throw CommandFailure("there is no file '\(source)', and no workflow of that name (\(known))")
        }
        guard let value = CeleryValue(settingJSON: text) else {
            throw CommandFailure("\(label(source)) is not JSON")
        }
        do {
            return try app.workflow(try Signature(value)).graph()
        } catch {
            throw CommandFailure("\(label(source)) is no signature of a workflow: \(error)")
        }
    }

    private static func asyncResult(_ text: String, app: CeleryApp) throws -> AsyncResult<CeleryValue> {
        let isText = text.hasPrefix("[")
        guard let tuple = isText ? text : try Self.text(of: text) else { return AsyncResult(id: text, app: app) }
        guard let value = CeleryValue(settingJSON: tuple) else {
            throw CommandFailure("\(isText ? "--result" : label(text)) is not JSON")
        }
        return try AsyncResult(tuple: value, app: app)
    }

    private static func label(_ source: String) -> String { source == "-" ? "standard input" : source }

    /// What is in a file, or comes on standard input; nil when there is no such file.
    private static func text(of source: String) throws -> String? {
        if source == "-" {
            var text = ""
            while let line = readLine(strippingNewline: false) { text += line }
            return text
        }
        guard FileManager.default.fileExists(atPath: source) else { return nil }
        do {
            return String(decoding: try Data(contentsOf: URL(fileURLWithPath: source)), as: UTF8.self)
        } catch {
            throw CommandFailure("\(source) cannot be read: \(error)")
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import ServiceTestSupport
import Testing

/// `celery graph workflow` as a process; what it prints for Graphviz is read by `dot`.
@Suite("celery graph")
struct GraphToolTests {
    private static let nasty = #"say \"no\" #1 <b>`x`</b>; \\ & h\u00e9"#
    /// As Python writes it: a chain with a chord in it, whose tasks have ids.
    private static let signature = """
        {"task": "celery.chain", "args": [], "options": {}, "subtask_type": "chain", "immutable": false, "kwargs": {"tasks": [
         {"task": "w.add", "args": [1, "\(nasty)"], "kwargs": {"deep": {"k": [1]}}, "options": {"task_id": "one"},
          "subtask_type": null, "immutable": false},
         {"task": "celery.chord", "args": [], "options": {}, "subtask_type": "chord", "immutable": false, "kwargs": {
          "kwargs": {}, "header": [
           {"task": "w.mul", "args": [2], "kwargs": {}, "options": {}, "subtask_type": null, "immutable": false},
           {"task": "w.mul", "args": [3], "kwargs": {}, "options": {}, "subtask_type": null, "immutable": false}],
          "body": {"task": "w.sum", "args": [], "kwargs": {}, "subtask_type": null, "immutable": false, "options": {
           "link_error": [{"task": "w.alert", "args": [], "kwargs": {}, "options": {}, "subtask_type": null,
            "immutable": true}]}}}}]}}
        """

    private func tool(_ arguments: [String], input: String = "", product: String = "celery") async throws -> String {
        let outcome = try await ToolProcess.run(
            product,
            ["-b", "memory://", "--result-backend", "memory://", "graph", "workflow"] + arguments,
            input: input
        )
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.errors == "")
        return outcome.output
    }

    /// What `dot` makes of it: nodes and edges in its plain form.
    private func plain(_ graph: String) async throws -> [[Substring]] {
        let dot = try #require(TestPrograms.find("dot"), "scripts/setup.sh installs graphviz")
        let outcome = try await ToolProcess.run(dot, ["-Tplain"], input: graph)
        #expect(outcome.code == 0 && outcome.errors == "", "\(outcome.errors)")
        return outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
    }

    @Test("What comes later says so", arguments: [[], ["--json"], ["worker", "extra"]])
    func bootsteps(words: [String]) async throws {
        let outcome = try await ToolProcess.run("celery", ["-b", "memory://", "graph", "bootsteps"] + words)
        #expect(outcome.code == 64)
        #expect(outcome.errors.contains("celery graph bootsteps is not in this version; it comes later"))
    }

    @Test("dot reads what is drawn of a signature from standard input", .needsGraphviz)
    func graphviz() async throws {
        let lines = try await plain(try await tool(["-"], input: Self.signature))
        #expect(lines.count { $0.first == "node" } == 5)
        let edges = lines.filter { $0.first == "edge" }.map { "\($0[1])\($0[2])" }
        #expect(Set(edges) == ["n1n2", "n1n3", "n2n4", "n3n4", "n4n5"])
    }

    @Test("dot reads states, and the workflow that the app gives a name", .needsGraphviz)
    func statesAndNames() async throws {
        let drawn = try await tool(["--states", "-"], input: Self.signature)
        #expect(drawn.contains("\\nPENDING\", fillcolor=\"#ffffff\""))
        #expect(try await plain(drawn).count { $0.first == "node" } == 5)
        let named = try await plain(try await tool(["clitest.sums"], product: "CLITestApp"))
        // Two groups of three, and the joint between them.
        #expect(named.count { $0.first == "node" } == 7)
        let result = try await plain(
            try await tool(["--result", #"[["b", [["g", null], [[["a", null], null]]]], null]"#])
        )
        #expect(result.filter { $0.first == "edge" }.map { "\($0[1])\($0[2])" } == ["n1n2"])
    }

    @Test("As Mermaid: every line is one of its kinds, and what means something in it is written by number")
    func mermaid() async throws {
        let directory = try TemporaryDirectory("graph")
        try directory.write(Self.signature, to: "workflow.json")
        let path = directory.path("workflow.json")
        let lines = try await tool(["--states", "--format=mermaid", path]).split(separator: "\n").map(String.init)
        #expect(lines.first == "flowchart LR")
        let kind =
            #/ +(n\d+\["[^"`<>]*(<br/>[A-Z]+)?"\]|subgraph g\d+\["[a-z]+"\]|end|n\d+ (-->|-\. (success|error) \.->) n\d+|classDef [a-z]+ fill:#\w{6},stroke:#555,color:#000|class n\d+(,n\d+)* [a-z]+)/#
        for line in lines.dropFirst() { #expect(line.wholeMatch(of: kind) != nil, "\(line)") }
        let escaped = #"n1["w.add(1, 'say #34;no#34; #35;1 #60;b#62;#96;x#96;#60;/b#62;#59; \\ #38; hé'"#
        #expect(lines[1].contains(escaped), "\(lines[1])")
        #expect(lines.contains("    n4 -. error .-> n5"))
    }

    @Test(
        arguments: [
            ([], 64, "give either a signature or the name of a workflow, or --result"),
            (["nowhere"], 1, "there is no file 'nowhere', and no workflow of that name (the app names no workflows)"),
            (["-"], 1, "standard input is not JSON"), (["--format=png", "x"], 64, "--format"),
            (["--result", "[1"], 1, "--result is not JSON"),
            (["--result", "[1]"], 1, "that is no result: a result tuple begins with"),
        ] as [([String], Int32, String)]
    )
    func whatIsWrongIsSaid(arguments: [String], code: Int32, message: String) async throws {
        let outcome = try await ToolProcess.run("celery", ["-b", "memory://", "graph", "workflow"] + arguments)
        #expect(outcome.code == code)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason, unless Graphviz is there.
    static var needsGraphviz: Self {
        .enabled(
            if: TestPrograms.find("dot") != nil || TestPrograms.areServicesRequired,
            "dot is not on the PATH (scripts/setup.sh)"
        )
    }
}

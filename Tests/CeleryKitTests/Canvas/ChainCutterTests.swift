//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Testing

@testable import CeleryKit

/// Where long chains are cut, and what stands for what is cut off.
@Suite("Cutting long chains")
struct ChainCutterTests {
    private func cut(_ node: CanvasNode, to limit: Int) -> (node: CanvasNode, blocks: [CanvasNode]) {
        var (whole, number) = (node, 0)
        let makeID = {
            number += 1
            return "id\(number)"
        }
        _ = whole.freeze(makeID)
        var cutter = ChainCutter(limit: limit) { "queue of \($0.task)" }
        let cut = cutter.cut(whole)
        return (cut, cutter.blocks.map(\.workflow))
    }

    private func calls(_ names: [String]) -> [CanvasNode] { names.map { CanvasNode(call: Signature(task: $0)) } }

    private func names(_ node: CanvasNode) -> [String] { node.calls.map(\.signature.task) }

    @Test("So many calls travel, then a reference; what fits stays whole")
    func chain() {
        let steps = calls(["a", "b", "c", "d", "e"])
        let (node, blocks) = cut(.chain(steps), to: 2)
        #expect(names(node) == ["a", "b", "celery.chain_rest"])
        #expect(Set(blocks.map(names)) == [["c", "d", "e"]])
        #expect(node.calls.last?.id == blocks[0].calls.last?.id, "the reference has the id of what the chain comes to")
        #expect(names(cut(.chain(steps), to: 5).node) == ["a", "b", "c", "d", "e"])
        #expect(cut(.chain(steps), to: 4).blocks.isEmpty, "one call is not worth a reference")
        #expect(Set(cut(.chain(steps), to: 1).blocks.map(\.calls.count)) == [2])
    }

    @Test("However long a chain is, nothing of it is left out and each piece is as long")
    func long() {
        let count = 20_000
        let (node, blocks) = cut(.chain(calls((0..<count).map { "\($0)" })), to: 16)
        #expect(blocks.count == count / 16 - 1)
        let pieces = ([node] + blocks.reversed()).map(names)
        #expect(pieces.dropLast().allSatisfy { $0.count == 17 && $0.last == "celery.chain_rest" })
        #expect(pieces.joined().compactMap { Int($0) } == Array(0..<count))
    }

    @Test("A chord counts with its header, and is cut behind it at the latest; one that ends in a group is not")
    func chords() {
        let header = CanvasNode.group(calls(["h1", "h2", "h3"]))
        let (node, blocks) = cut(.chain([header] + calls(["a", "b", "c"])), to: 2)
        #expect(names(node) == ["h1", "h2", "h3", "celery.chain_rest"])
        #expect(blocks.map(names).contains(["a", "b", "c"]))
        let chain = CanvasNode.chain(calls(["a", "b", "c"]) + [header])
        #expect(cut(chain, to: 1).blocks.isEmpty)
        let inner = CanvasNode.group([.chain(calls(["x", "y", "z"])), .chain(calls(["p", "q", "r"]))])
        #expect(names(cut(inner, to: 1).node) == ["x", "celery.chain_rest", "p", "celery.chain_rest"])
    }

    @Test("The reference goes where the first task of the rest goes, with its priority and stamps")
    func options() {
        var steps = calls(["a", "b", "c"])
        #expect(cut(.chain(steps), to: 1).node.calls.last?.signature.options["queue"] == "queue of b")
        steps[1].signature.options = [
            "queue": "mine", "priority": 3, "customer": 42, "stamped_headers": ["customer"], "countdown": 5,
        ]
        let options = cut(.chain(steps), to: 1).node.calls.last?.signature.options
        #expect(options?["queue"] == "mine" && options?["priority"] == 3)
        #expect(options?["customer"] == 42 && options?["stamped_headers"] == ["customer"])
        #expect(options?["countdown"] == nil)
    }

    @Test("Of errbacks it has those that all have for which it stands")
    func errbacks() throws {
        var steps = calls(["a", "b", "c"])
        for index in steps.indices { steps[index].continuation.errbacks = [Signature(task: "all")] }
        steps[2].continuation.errbacks.append(Signature(task: "last"))
        #expect(cut(.chain(steps), to: 1).node.calls.last?.continuation.errbacks.map(\.task) == ["all"])
    }

    @Test("Without a result backend a long chain is refused with the cure")
    func withoutBackend() async throws {
        let canvas = PlannedCanvas {
            $0.taskChainInlineLimit = 2
            $0.resultBackend = "disabled"
        }
        let chain = canvas.s("a").then(canvas.s("b")).then(canvas.s("c")).then(canvas.s("d"))
        let error = await #expect(throws: CeleryError.self) {
            _ = try await canvas.app.sender.send(chain.node, options: SendOptions()) as AsyncResult<CeleryValue>
        }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("set result_backend") == true)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire

/// The captured workflows as a Swift client writes them.
struct ShapeClient: Sendable {
    typealias Call = Workflow<Unchecked, CeleryValue>
    typealias Members = GroupWorkflow<Unchecked, CeleryValue>

    let app: CeleryApp
    let timeout: Duration

    private func s(_ name: String, _ args: CeleryValue..., kwargs: CeleryObject = [:]) -> Call {
        app.signature("shapes.\(name)", args: args, kwargs: kwargs)
    }

    private func si(_ name: String, _ args: CeleryValue...) -> Workflow<Independent, CeleryValue> {
        app.immutableSignature("shapes.\(name)", args: args)
    }

    private var sums: Members { group((0..<3).map { s("add", .int($0), .int($0)) }) }
    private var pair: Members { group([s("add", 1, 1), s("add", 2, 2)]) }

    /// Sends the shape of that name, and waits for what it comes to.
    func run(_ name: String) async throws -> CeleryValue {
        switch name {
        case let name where name.hasPrefix("chord"): return try await get(try chord(name))
        case let name where name.hasPrefix("retry"): return try await retry(name)
        case "group_3": return try await join(sums)
        case "group_3_saved":
            let sent = try await sums.delay()
            try await sent.save()
            let saved = try await GroupResult<CeleryValue>.restore(id: sent.id, app: app)
            return .array(try await saved?.join(timeout: timeout) ?? [])
        case "group_at_end_of_chain": return try await join(s("add", 1, 1).then(group([s("add", 2), s("add", 3)])))
        case "group_then_group": return try await join(pair.then(group([s("ident"), s("xsum")])))
        case "chain_in_group": return try await join(group([s("add", 1, 1).then(s("mul", 2)), s("add", 5, 5)]))
        case "chunks":
            let add = app.task("shapes.add") { (x: Int, y: Int) in x + y }
            let parts = try await add.chunks((0..<5).map { add.s($0, $0) }, of: 2).delay().join(timeout: timeout)
            return .array(parts.map { .array($0.map { .int($0) }) })
        case "chain_dump_request":
            let chain = s("ident", 1).then(s("dump_request", kwargs: ["a": 1]))
            return try await chain.applyAsync(SendOptions(headers: ["X-Trace": "abc"])).get(timeout: timeout)
        case "stamped_chain":
            let chain = s("add", 1, 2).then(s("mul", 3))
            return try await get(chain.stamp(["shape": "square"]))
        case "stamped_chord":
            let chord = group([s("add", 1, 2), s("add", 3, 4)]).then(s("xsum"))
            return try await get(chord.stamp(["shape": "square"]))
        default: return try await get(try simple(name))
        }
    }

    private func get(_ workflow: Call) async throws -> CeleryValue {
        try await workflow.delay().get(timeout: timeout)
    }

    private func join(_ members: Members) async throws -> CeleryValue {
        .array(try await members.delay().join(timeout: timeout))
    }

    private func simple(_ name: String) throws -> Call {
        switch name {
        case "link_success": s("add", 2, 3).link(s("mul", 10))
        case "link_error_new_style": s("boom").linkError(s("on_err"))
        case "link_error_old_style": s("boom").linkError(s("on_err_old"))
        case "chain_3": s("add", 1, 2).then(s("mul", 3)).then(s("mul", 4))
        case "chain_immutable": s("add", 1, 2).then(si("mul", 3, 3)).then(s("echo", kwargs: ["k": "v"]))
        case "chain_fails_in_middle": s("add", 1, 2).then(s("boom")).then(s("mul", 4)).linkError(s("on_err"))
        case "chain_with_retry": s("flaky", "r").then(s("ident"))
        case "group_in_chain": s("add", 1, 1).then(group([s("add", 2), s("add", 3)])).then(s("xsum"))
        case "chain_in_chord": group([s("add", 1, 1).then(s("mul", 2)), s("add", 5, 5)]).then(s("xsum"))
        case "group_in_group_in_chord":
            try app.workflow(
                group([pair.workflow.signature(), s("add", 3, 3).signature()].map(app.workflow)).then(s("ident"))
                    .signature()
            )
        case "map":
            try app.workflow(
                app.task("shapes.xsum") { (numbers: [Int]) in numbers.reduce(0, +) }.map([[1, 2], [3, 4]]).signature()
            )
        case "starmap":
            try starmap()
        case "replace_task": s("replacer", 1)
        case "replace_with_chain": s("replacer_chain", 1)
        case "replace_in_chain": s("add", 1, 1).then(s("replacer")).then(s("mul", 2))
        case "replace_in_chord": group([s("replacer", 1), s("add", 2, 2)]).then(s("xsum"))
        case "add_to_chord": group([s("adder_in_chord"), s("add", 2, 2)]).then(s("ident"))
        case "subtasks_children": s("spawner")
        default: throw WireError(.malformed, "nobody wrote \(name) in Swift")
        }
    }

    private func starmap() throws -> Call {
        let add = app.task("shapes.add") { (x: Int, y: Int) in x + y }
        return try app.workflow(add.starmap([add.s(1, 2), add.s(3, 4)]).signature())
    }

    private func chord(_ name: String) throws -> Call {
        switch name {
        case "chord_3": return sums.then(s("xsum"))
        case "chord_single": return group([s("add", 1, 1)]).then(s("xsum"))
        case "chord_empty": return group([Call]()).then(s("xsum"))
        case "chord_header_fails_body_errback":
            return group([s("add", 1, 1), s("boom"), s("add", 2, 2)]).then(s("xsum").onError(s("on_err")))
        case "chord_header_fails_no_errback": return group([s("add", 1, 1), s("boom")]).then(s("xsum"))
        case "chord_body_fails_errback": return pair.then(s("boom").onError(s("on_err")))
        case "chord_retry_in_header": return group([s("flaky", "a"), s("add", 2, 2)]).then(s("ident"))
        case "chord_ignored_result_header": return group([s("ignored", 1), s("add", 2, 2)]).then(s("ident"))
        case "chord_body_chain", "chord_then_task": return pair.then(s("xsum")).then(s("mul", 10))
        case "chord_body_group":
            return try app.workflow(pair.then(group([s("ident"), s("xsum")])).workflow.signature())
        case "chord_in_chord":
            let inner = group([s("add", 2, 2), s("add", 3, 3)]).then(s("xsum"))
            return group([s("add", 1, 1), inner]).then(s("xsum"))
        default: throw WireError(.malformed, "nobody wrote \(name) in Swift")
        }
    }

    private func retry(_ name: String) async throws -> CeleryValue {
        switch name {
        case "retry_task": return try await get(s("flaky", "solo"))
        case "retry_exhausted": return try await get(s("always_retry").linkError(s("on_err")))
        default:
            var options = SendOptions(expires: .seconds(300), priority: 5, headers: ["X-Trace": "abc"])
            options.shadow = "sh"
            let call = s("flaky", "cd", kwargs: ["countdown": 1]).link(s("ident"))
            return try await call.applyAsync(options).get(timeout: timeout)
        }
    }
}

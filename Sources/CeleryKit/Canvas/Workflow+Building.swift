//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Tasks that run beside each other: `group(urls) { download.s($0) }`.
public func group<Input, Element, Item>(
    _ items: some Sequence<Item>,
    _ member: (Item) throws -> Workflow<Input, Element>
) rethrows -> GroupWorkflow<Input, Element> {
    group(try items.map(member))
}

/// Workflows that run beside each other; what they come to is an array in their order.
///
/// Members without an app are of no use, so that an empty group takes the app from whatever it is joined with.
public func group<Input, Element>(_ members: [Workflow<Input, Element>]) -> GroupWorkflow<Input, Element> {
    GroupWorkflow(
        Workflow(
            app: members.first?.app ?? .nowhere,
            node: .group(members.map(\.node)),
            failure: members.lazy.compactMap(\.failure).first
        )
    )
}

/// Groups that run beside each other; what they come to is an array of arrays.
public func group<Input, Element>(_ members: [GroupWorkflow<Input, Element>]) -> GroupWorkflow<Input, [Element]> {
    group(members.map(\.workflow))
}

/// Workflows of different types that run beside each other.
public func group<Input, each Element: Codable & Sendable>(
    _ members: repeat Workflow<Input, each Element>
) -> Workflow<Input, Gathered<repeat each Element>> {
    var (nodes, apps, failures): ([CanvasNode], [CeleryApp], [CeleryError]) = ([], [], [])
    for member in repeat each members {
        nodes.append(member.node)
        apps.append(member.app)
        if let failure = member.failure { failures.append(failure) }
    }
    return Workflow(app: apps.first ?? .nowhere, node: .group(nodes), failure: failures.first)
}

/// A step and the one that is given its result.
public func chain<Input, Middle, Output>(
    _ first: Workflow<Input, Middle>,
    _ second: Workflow<Middle, Output>
) -> Workflow<Input, Output> { first.then(second) }

/// Three steps, each of which is given the result of the one before.
public func chain<Input, A, B, Output>(
    _ first: Workflow<Input, A>,
    _ second: Workflow<A, B>,
    _ third: Workflow<B, Output>
) -> Workflow<Input, Output> { first.then(second).then(third) }

/// A step, and any number of further ones that return what they take.
public func chain<Input, Value>(
    _ first: Workflow<Input, Value>,
    _ steps: [Workflow<Value, Value>]
) -> Workflow<Input, Value> {
    Workflow(
        app: first.app,
        node: .chain([first.node] + steps.map(\.node)),
        failure: first.failure ?? steps.lazy.compactMap(\.failure).first
    )
}

/// A group and what is given the array of its results.
public func chord<Input, Element, Output>(
    _ header: GroupWorkflow<Input, Element>,
    _ body: Workflow<[Element], Output>
) -> Workflow<Input, Output> { header.then(body) }

/// Results of different types, as a heterogeneous group gives them: an array on the wire.
public struct Gathered<each Element: Codable & Sendable>: Codable, Sendable {
    public var values: (repeat each Element)

    public init(_ values: repeat each Element) { self.values = (repeat each values) }

    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        values = (repeat try container.decode((each Element).self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        for value in repeat each values { try container.encode(value) }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

extension CanvasNode {
    /// Reads a signature as Python writes it, nested ones too. Arguments of a composed one (`chord(…, args=…)`) become those of the
    /// tasks that it begins with; those of a group do nothing.
    ///
    /// - Throws: ``WireError`` `.malformed` for a chain, group or chord whose parts are not signatures.
    package init(_ signature: Signature) throws(WireError) {
        var rest = signature
        let continuation = try Continuation(takingFrom: &rest.options)
        switch signature.subtaskType ?? "" {
        case "chain" where signature.task == Name.chain:
            var chain = CanvasNode.chain(try Self.list(try signature.keyword("tasks"), of: signature))
            chain.take(signature.arguments)
            guard case .chain = chain.shape else {
                // Of one step, or a group and what follows it.
                self = try chain.attaching(continuation)
                return
            }
            self = chain
        case "group" where signature.task == Name.group:
            // Its own arguments count for nothing in Celery either.
            self = .group(try Self.list(try signature.keyword("tasks"), of: signature))
        case "chord" where signature.task == Name.chord:
            guard let body = try signature.keyword("body") else {
                throw WireError(.missingValue, "a chord has no body")
            }
            self = .chord(
                try Self.header(try signature.keyword("header"), of: signature),
                try CanvasNode(Signature(body))
            )
            take(signature.arguments, try signature.keywords(inside: "kwargs"))
        default:
            self.init(call: rest)
            self.continuation = continuation
            return
        }
        self.signature = Signature(
            task: signature.task,
            options: rest.options,
            subtaskType: signature.subtaskType,
            immutable: signature.immutable,
            custom: signature.custom
        )
        self.continuation = continuation
    }

    /// A header is a group, or a plain list.
    private static func header(_ value: CeleryValue?, of chord: Signature) throws(WireError) -> CanvasNode {
        if case .object? = value, let value {
            let node = try CanvasNode(Signature(value))
            if case .group = node.shape { return node }
            return .group([node])
        }
        return .group(try list(value, of: chord))
    }

    private static func list(_ value: CeleryValue?, of signature: Signature) throws(WireError) -> [CanvasNode] {
        guard case .array(let elements)? = value else {
            throw WireError(.malformed, "\(signature.task) has no list of signatures")
        }
        var nodes: [CanvasNode] = []
        for element in elements { nodes.append(try CanvasNode(Signature(element))) }
        return nodes
    }

    /// As it travels inside a message.
    package func wire() throws(WireError) -> Signature {
        var wire = signature
        try continuation.put(into: &wire.options)
        switch shape {
        case .call: return wire
        case .chain(let steps): wire.keywords = [try Self.keyword("tasks", steps)]
        case .group(let members): wire.keywords = [try Self.keyword("tasks", members)]
        case .chord(let header, let body):
            wire.keywords = [
                TaskBody.Keyword("kwargs", EncodedValue(.object([:]))),
                TaskBody.Keyword("header", EncodedValue(try header.wire().value())),
                TaskBody.Keyword("body", EncodedValue(try body.wire().value())),
            ]
        }
        return wire
    }

    private static func keyword(_ name: String, _ nodes: [CanvasNode]) throws(WireError) -> TaskBody.Keyword {
        var values: [CeleryValue] = []
        for node in nodes { values.append(try node.wire().value()) }
        return TaskBody.Keyword(name, EncodedValue(.array(values)))
    }
}

extension CanvasNode.Continuation {
    /// Takes what is said in a signature's options out of them.
    init(takingFrom options: inout CeleryObject) throws(WireError) {
        guard !options.isEmpty else { return }
        if case .array? = options["chain"] { chain = ChainSteps(try Signature.list(options["chain"])) }
        if let value = options["chord"], value != .null { chord = try Signature(value) }
        groupID = options["group_id"]?.text
        groupIndex = options["group_index"]?.number.flatMap { Int(whole: $0) }
        callbacks = try Signature.list(options["link"])
        errbacks = try Signature.list(options["link_error"])
        for name in ["chain", "chord", "group_id", "group_index", "link", "link_error"] { options[name] = nil }
    }

    func put(into options: inout CeleryObject) throws(WireError) {
        if let chain { options["chain"] = try Self.value(chain.signatures()) }
        if let groupID { options["group_id"] = .string(groupID) }
        if let groupIndex { options["group_index"] = .int(groupIndex) }
        if let chord { options["chord"] = try chord.value() }
        if !callbacks.isEmpty { options["link"] = try Self.value(callbacks) }
        if !errbacks.isEmpty { options["link_error"] = try Self.value(errbacks) }
    }

    private static func value(_ signatures: [Signature]) throws(WireError) -> CeleryValue {
        var values: [CeleryValue] = []
        for signature in signatures { values.append(try signature.value()) }
        return .array(values)
    }
}

extension Signature {
    fileprivate func keyword(_ name: String) throws(WireError) -> CeleryValue? {
        try keywords.first { $0.name == name }?.value.value()
    }

    /// The members of the object that is one of its keywords.
    fileprivate func keywords(inside name: String) throws(WireError) -> [TaskBody.Keyword] {
        guard case .object(let members)? = try keyword(name) else { return [] }
        return members.members.map { TaskBody.Keyword($0.0, EncodedValue($0.1)) }
    }

    /// One signature or a list of them, from a plain value.
    static func list(_ value: CeleryValue?) throws(WireError) -> [Signature] {
        switch value {
        case nil, .null?: return []
        case .array(let values)?:
            var list: [Signature] = []
            for value in values { list.append(try Signature(value)) }
            return list
        case let value?: return [try Signature(value)]
        }
    }
}

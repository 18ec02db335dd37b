//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension TaskBody {
    /// Reads `[args, kwargs, embed]` in dynamic form, as other serializers than JSON give it.
    ///
    /// - Throws: ``WireError`` `.malformed` for any other shape than exactly three elements.
    public init(_ value: CeleryValue) throws(WireError) {
        guard case .array(let parts) = value, parts.count == 3 else {
            throw WireError(.malformed, "task body is not an array of exactly three elements: [args, kwargs, embed]")
        }
        guard case .object(let kwargs) = parts[1] else {
            throw WireError(.malformed, "kwargs is \(parts[1].kind), not an object")
        }
        self.init(
            arguments: try Self.arguments(parts[0]),
            keywords: Self.keywords(kwargs),
            embed: try Embed(parts[2])
        )
    }

    /// The body in dynamic form.
    public func value(limits: WireLimits = .standard) throws(WireError) -> CeleryValue {
        .array([try Self.value(of: arguments, limits), try Self.value(of: keywords, limits), try embed.value(limits)])
    }

    static func arguments(_ value: CeleryValue) throws(WireError) -> [EncodedValue] {
        switch value {
        case .array(let elements): elements.map { EncodedValue($0) }
        case .string(let text): text.unicodeScalars.map { EncodedValue(.string(String($0))) }
        default: throw WireError(.malformed, "args is \(value.kind), neither an array nor a string")
        }
    }

    static func keywords(_ object: CeleryObject) -> [Keyword] {
        object.members.map { Keyword($0.key, EncodedValue($0.value)) }
    }

    static func value(of arguments: [EncodedValue], _ limits: WireLimits) throws(WireError) -> CeleryValue {
        var elements: [CeleryValue] = []
        elements.reserveCapacity(arguments.count)
        for argument in arguments { elements.append(try argument.value(limits: limits)) }
        return .array(elements)
    }

    static func value(of keywords: [Keyword], _ limits: WireLimits) throws(WireError) -> CeleryValue {
        var builder = CeleryObject.Builder()
        for keyword in keywords { builder.set(keyword.name, try keyword.value.value(limits: limits)) }
        return .object(builder.object)
    }
}

extension TaskBody.Embed {
    init(_ value: CeleryValue) throws(WireError) {
        self.init()
        if case .null = value { return }
        guard case .object(let object) = value else {
            throw WireError(.malformed, "embed of the task body is \(value.kind), neither an object nor null")
        }
        callbacks = try Self.signatures(object["callbacks"]) ?? []
        errbacks = try Self.signatures(object["errbacks"]) ?? []
        chain = try Self.signatures(object["chain"]).map { ChainSteps($0) }
        if let value = object["chord"], value != .null { chord = try Signature(value) }
    }

    /// An array of signatures or null; a single one counts as an array of one.
    static func signatures(_ value: CeleryValue?) throws(WireError) -> [Signature]? {
        switch value {
        case nil, .null?: return nil
        case .array(let elements)?:
            var signatures: [Signature] = []
            for element in elements { signatures.append(try Signature(element)) }
            return signatures
        case let value?: return [try Signature(value)]
        }
    }

    func value(_ limits: WireLimits) throws(WireError) -> CeleryValue {
        [
            "callbacks": try Self.value(of: callbacks.isEmpty ? nil : callbacks, limits),
            "errbacks": try Self.value(of: errbacks.isEmpty ? nil : errbacks, limits),
            "chain": try Self.value(of: chain?.signatures(), limits),
            "chord": try chord.map { (signature) throws(WireError) in try signature.value(limits: limits) } ?? .null,
        ]
    }

    private static func value(of signatures: [Signature]?, _ limits: WireLimits) throws(WireError) -> CeleryValue {
        guard let signatures else { return .null }
        var elements: [CeleryValue] = []
        for signature in signatures { elements.append(try signature.value(limits: limits)) }
        return .array(elements)
    }
}

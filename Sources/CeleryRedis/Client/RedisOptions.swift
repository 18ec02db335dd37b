//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// Texts among the transport options, which stand in the URL's query too, and count there first.
struct RedisOptions {
    let values: CeleryObject
    private let query: [String: String]
    /// For people: where they stand.
    private let place: String

    /// - Parameter url: Whose query counts; the first one's when nil.
    init(_ context: PluginContext, url: BrokerURL? = nil) {
        self.init(values: context.options, query: (url ?? context.url).query, place: "the transport options")
    }

    private init(values: CeleryObject, query: [String: String], place: String) {
        (self.values, self.query, self.place) = (values, query, place)
    }

    /// - Throws: `.misconfigured` for what is no text: taken for absent, a password would be missed for no reason to be seen.
    func text(_ name: String, isSecret: Bool = false) throws(TransportError) -> String? {
        if let value = query[name] { return value }
        switch values[name] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        case let other?:
            let shown = isSecret ? "no text" : PythonRepr.describe(other)
            throw TransportError(
                .misconfigured,
                "\(name) in \(place) is \(shown): it must be a text, in quotes"
            )
        }
    }

    /// The options inside one of them.
    func object(_ name: String) throws(TransportError) -> RedisOptions {
        switch values[name] {
        case nil, .null?: return RedisOptions(values: [:], query: [:], place: name)
        case .object(let object)?: return RedisOptions(values: object, query: [:], place: name)
        case let other?:
            throw TransportError(
                .misconfigured,
                "\(name) in \(place) is \(PythonRepr.describe(other)): it must be an object of options"
            )
        }
    }
}
#endif

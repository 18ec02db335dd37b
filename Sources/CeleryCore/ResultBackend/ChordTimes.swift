//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// How long result backends keep what they note of chords by themselves.
package enum ChordTimes {
    /// How long a claim lasts, unless ``claim(_:)`` says otherwise.
    package static let claim = Duration.seconds(15)
    /// How long it is remembered that a chord is over.
    package static let over = Duration.seconds(300)
    /// How long what ``ChordStore/extend(_:by:as:timeout:)`` notes of a chord of which nothing else is known is kept.
    package static let unknown = Duration.seconds(86400)

    /// `chord_claim_timeout` in the transport options or in the URL's query, in seconds.
    ///
    /// - Throws: `.misconfigured` for what is no number above zero.
    package static func claim(_ context: PluginContext) throws(TransportError) -> Duration {
        let name = "chord_claim_timeout"
        let option = context.options[name] ?? context.url.query[name].map { .string($0) } ?? .null
        let seconds: Double?
        switch option {
        case .null: return claim
        case .int(let number): seconds = Double(number)
        case .double(let number): seconds = number
        case .string(let text): seconds = Double(text)
        default: seconds = nil
        }
        guard let seconds, seconds > 0, seconds <= 86400 else {
            throw TransportError(
                .misconfigured,
                "\(name) of \(context.url) is \(option): it must be a number of seconds above 0, a day at most"
            )
        }
        return .bounded(seconds: seconds)
    }
}

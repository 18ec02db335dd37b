//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// Where results are, and for how long.
enum RedisResultKeys {
    /// `global_keyprefix` in `result_backend_transport_options`, with an underscore behind it unless it ends in one of `:_-.`.
    ///
    /// That is what Python's result backends do; Python's brokers take it as it is. Source: celery/backends/base.py.
    static func prefix(_ options: CeleryObject) throws(TransportError) -> String {
        switch options["global_keyprefix"] {
        case nil, .null?: return ""
        case .string(let text)?:
            guard let last = text.last else { return "" }
            return ":_-.".contains(last) ? text : text + "_"
        case let other?:
            throw TransportError(
                .misconfigured,
                "global_keyprefix in result_backend_transport_options is \(other): it must be a string"
            )
        }
    }

    /// Key of a task's result, and channel on which each of its states is announced.
    static func key(of id: String, prefix: String) -> String { prefix + TaskMeta.keyPrefix + id }

    /// A result's life in whole milliseconds, rounded up: at least one, and no more than the server can add to the present.
    static func milliseconds(_ life: Duration) -> Int64 {
        let century: Int64 = 3_155_760_000_000
        let (seconds, attoseconds) = life.components
        guard seconds < century / 1000 else { return century }
        guard seconds >= 0, attoseconds >= 0 else { return 1 }
        return max(1, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
#endif

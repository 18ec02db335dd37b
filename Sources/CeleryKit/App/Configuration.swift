//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The settings in force and what follows from them, computed once. A class, so that reading one costs no copy.
package final class AppConfiguration: Sendable {
    package let settings: CelerySettings
    /// `gen<pid>@<host>`, the `origin` header.
    package let origin: String
    /// Routing key of rpc replies to this process.
    package let replyTo: String

    package init(_ settings: CelerySettings) {
        self.settings = settings
        origin = "gen\(getpid())@\(Host.name)"
        replyTo = TaskID.random()
    }
}

/// The machine's name.
package enum Host {
    /// The full host name, `localhost` when the system has none.
    package static let name: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return bytes.isEmpty ? "localhost" : String(decoding: bytes, as: UTF8.self)
    }()
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOSSL

/// Where a Redis server is and how to talk to it.
struct RedisConfiguration: Sendable {
    /// One place to connect to.
    enum Endpoint: Sendable, Hashable {
        case host(String, port: Int)
        case socket(path: String)
    }

    /// How the server is found.
    enum Discovery: Sendable, Hashable {
        /// The first that answers, in order; replicas among several are passed over.
        case fixed([Endpoint])
        /// Whoever the sentinels call the master of that name.
        case sentinels([Endpoint], master: String, user: String?, password: String?)
    }

    var discovery: Discovery
    var user: String?
    var password: String?
    var database = 0
    var tls: TLSConfiguration?
    /// For the sentinels themselves.
    var sentinelTLS: TLSConfiguration?
    /// Shown by `CLIENT LIST`; no spaces.
    var clientName = "celery-swift"
    /// Limits one attempt to connect, its handshake included.
    var connectTimeout = Duration.seconds(4)
    /// For calls that have no time-out of their own.
    var timeout = Duration.seconds(5)
    /// A connection that has been silent for so long is asked whether it still lives; zero: never.
    var healthCheckInterval = Duration.seconds(25)
    /// For people: the URL with its password masked.
    var location: String

    /// Equal for what is the same server, whichever database, and the same user: another one may not do there what this one may.
    var serverIdentity: String {
        let server =
            switch discovery {
            case .fixed(let endpoints): "redis " + endpoints.map(\.description).joined(separator: ",")
            case .sentinels(let endpoints, let master, _, _):
                "redis-sentinel \(master) " + endpoints.map(\.description).sorted().joined(separator: ",")
            }
        guard let user, !user.isEmpty, user != "default" else { return server }
        return "\(server) as \(user)"
    }
}

extension RedisConfiguration.Endpoint: CustomStringConvertible {
    var description: String {
        switch self {
        case .host(let host, let port): "\(host):\(port)"
        case .socket(let path): path
        }
    }
}
#endif

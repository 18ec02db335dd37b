//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOSSL
import Synchronization

/// Where a Redis server is and how to talk to it.
struct RedisConfiguration: Sendable {
    /// One place to connect to.
    enum Endpoint: Sendable, Hashable {
        case host(String, port: Int)
        case socket(path: String)
    }

    /// What is shown to those who listen there.
    struct Access: Sendable {
        var user: String?
        var password: String?
        var tls: TLSConfiguration?

        /// What `AUTH` and `HELLO` want; nil when there is nobody to be. A user may have no password.
        var credentials: [String]? {
            guard user != nil || password != nil else { return nil }
            return [user, password ?? ""].compactMap { $0 }
        }
    }

    /// A place of several, with what is shown there.
    struct Server: Sendable {
        var endpoint: Endpoint
        var access: Access
    }

    /// How the server is found.
    enum Discovery: Sendable {
        /// The first that answers, in order; replicas among several are passed over.
        case fixed([Server])
        /// Whoever the sentinels call the master of that name.
        case sentinels([Endpoint], master: String)
    }

    var discovery: Discovery
    /// Where sentinels lead.
    var access: Access
    /// For the sentinels themselves.
    var sentinelAccess = Access()
    /// Which of several has answered last, for all who share this configuration.
    private(set) var memory = PlaceMemory()
    var database = 0
    /// Shown by `CLIENT LIST`; no spaces.
    var clientName = "celery-swift"
    /// Limits one attempt to connect, whatever it takes: several places share it.
    var connectTimeout = Duration.seconds(4)
    /// For calls that have no time-out of their own.
    var timeout = Duration.seconds(5)
    /// A connection that has been silent for so long is asked whether it still lives; zero: never.
    var healthCheckInterval = Duration.seconds(25)
    /// For people: the URL with its password masked.
    var location: String

    /// Equal for what is the same server, whichever database, and the same user: another one may not do there what this one may.
    var serverIdentity: String {
        switch discovery {
        case .fixed(let servers):
            let users = Set(servers.map(\.access.identity))
            guard users.count > 1 else {
                return "redis " + servers.map(\.endpoint.description).joined(separator: ",") + (users.first ?? "")
            }
            return "redis " + servers.map { "\($0.endpoint)\($0.access.identity)" }.joined(separator: ",")
        case .sentinels(let endpoints, let master):
            let places = endpoints.map(\.description).sorted().joined(separator: ",")
            return "redis-sentinel \(master) \(places)\(access.identity)"
        }
    }

    /// The same for one server that was found.
    func only(_ endpoint: Endpoint) -> RedisConfiguration {
        var only = self
        var server = Server(endpoint: endpoint, access: access)
        if case .fixed(let servers) = discovery, let named = servers.first(where: { $0.endpoint == endpoint }) {
            server = named
        }
        only.discovery = .fixed([server])
        only.memory = PlaceMemory()
        return only
    }
}

extension RedisConfiguration.Access {
    fileprivate var identity: String {
        guard let user, !user.isEmpty, user != "default" else { return "" }
        return " as \(user)"
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

/// Which of several places has answered last: it is asked first the next time, for one whose machine is off costs time again and again.
final class PlaceMemory: Sendable {
    private let last = Mutex(0)

    func answered(_ place: Int) { last.withLock { $0 = place } }

    /// So many places, that one first and the others in their order.
    func order(_ count: Int) -> [Int] {
        let first = last.withLock { $0 }
        guard first < count else { return Array(0..<count) }
        return [first] + (0..<count).filter { $0 != first }
    }
}
#endif

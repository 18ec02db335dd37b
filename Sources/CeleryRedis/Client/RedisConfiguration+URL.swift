//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

extension RedisConfiguration {
    /// URL schemes that are served: Redis over TCP, over TLS, over a unix socket, and through sentinels.
    static let schemes = ["redis", "rediss", "redis+socket", "socket", "unix", "sentinel"]

    /// Reads what Celery reads: `redis[s]://[[user]:password@]host[:port][/database]`, `redis+socket:///path[?virtual_host=db]`
    /// (also `unix://`, `socket://`), `sentinel://host[:port]` with `master_name` in the transport options; several of one
    /// kind separated by semicolons, each with its own user, password and TLS. Of several sentinels the first says them.
    ///
    /// - Throws: `.misconfigured` that names the URL (masked), what is wrong, and the way out.
    init(_ context: PluginContext) throws(TransportError) {
        let urls = [context.url] + context.alternates
        location = urls.map(\.description).joined(separator: ";")
        let options = RedisOptions(context)
        let isSentinel = context.url.scheme == "sentinel"
        for url in urls {
            guard Self.schemes.contains(url.scheme) else {
                throw TransportError(.misconfigured, "\(location): \(url) is no URL of Redis, as the first is")
            }
            guard (url.scheme == "sentinel") == isSentinel else {
                throw TransportError(.misconfigured, "\(location) mixes sentinels and servers: name one kind only")
            }
        }
        database = try Self.database(of: urls, location)
        access = try Self.access(context.url, context)
        if isSentinel {
            try Self.requireNoOther(urls, location)
            guard let master = try options.text("master_name") else {
                throw TransportError(
                    .misconfigured,
                    "\(location) names sentinels but no master: set master_name in the transport options"
                )
            }
            let keywords = try options.object("sentinel_kwargs")
            sentinelAccess = Access(
                user: try keywords.text("username"),
                password: try keywords.text("password", isSecret: true),
                tls: try RedisTLS.sentinels(keywords.values, servers: access.tls, location)
            )
            discovery = .sentinels(
                try urls.map { (url) throws(TransportError) in try Self.endpoint(of: url) },
                master: master
            )
        } else {
            var servers = [Server(endpoint: try Self.endpoint(of: context.url), access: access)]
            for url in context.alternates {
                servers.append(Server(endpoint: try Self.endpoint(of: url), access: try Self.access(url, context)))
            }
            discovery = .fixed(servers)
        }
        if let name = try options.text("client_name") { clientName = Self.clientName(name) }
        if let seconds = try Self.seconds("socket_timeout", context) { timeout = seconds }
        if let seconds = try Self.seconds("socket_connect_timeout", context) { connectTimeout = seconds }
        if let seconds = try Self.seconds("health_check_interval", context, allowsZero: true) {
            healthCheckInterval = seconds
        }
    }

    private static func access(_ url: BrokerURL, _ context: PluginContext) throws(TransportError) -> Access {
        let options = RedisOptions(context, url: url)
        var access = Access(user: url.user, password: url.password, tls: try RedisTLS.configuration(url, context))
        if access.user == nil { access.user = try options.text("username") }
        if access.password == nil { access.password = try options.text("password", isSecret: true) }
        return access
    }

    /// The server takes no spaces, and nothing that is not printed.
    private static func clientName(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { (33...126).contains($0.value) ? $0 : "-" }))
    }

    /// Of sentinels only the first URL says how to get in where they lead: others that say something else are a mistake.
    private static func requireNoOther(_ urls: [BrokerURL], _ location: String) throws(TransportError) {
        for url in urls.dropFirst() {
            guard url.user == nil || url.user == urls[0].user, url.password == nil || url.password == urls[0].password
            else {
                throw TransportError(
                    .misconfigured,
                    "\(location): \(url) has another user or password than the first, which says those of the servers; "
                        + "those of the sentinels belong into sentinel_kwargs of the transport options"
                )
            }
        }
    }

    private static func endpoint(of url: BrokerURL) throws(TransportError) -> Endpoint {
        switch url.scheme {
        case "redis+socket", "socket", "unix":
            let path = (url.host.map { "/" + $0 } ?? "") + url.path
            guard path.count > 1 else {
                throw TransportError(.misconfigured, "\"\(url)\" names no socket: write redis+socket:///full/path")
            }
            return .socket(path: path)
        case "sentinel": return .host(url.host ?? "localhost", port: url.port ?? 26379)
        default: return .host(url.host ?? "localhost", port: url.port ?? 6379)
        }
    }

    /// All must name the same: queues and what is held lie in one, and messages that went to another would wait there unseen. A
    /// sentinel other than the first may leave it out.
    private static func database(of urls: [BrokerURL], _ location: String) throws(TransportError) -> Int {
        let first = try database(of: urls[0]) ?? 0
        for url in urls.dropFirst() {
            let other = try database(of: url) ?? (url.scheme == "sentinel" ? first : 0)
            guard other == first else {
                throw TransportError(
                    .misconfigured,
                    "\(location) names the databases \(first) and \(other): write the same one in each URL, "
                        + "as /\(first) (without one it is 0)"
                )
            }
        }
        return first
    }

    private static func database(of url: BrokerURL) throws(TransportError) -> Int? {
        let text: String
        switch url.scheme {
        case "redis+socket", "socket", "unix": text = url.query["virtual_host"] ?? url.query["db"] ?? ""
        default: text = url.query["db"] ?? String(url.path.drop { $0 == "/" })
        }
        guard !text.isEmpty else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw TransportError(
                .misconfigured,
                "the database \"\(text)\" in \"\(url)\" is no number: write redis://host/0, 0 to 15 unless the server has more"
            )
        }
        return number
    }

    /// A number of seconds in the URL's query, or in the options where it has none.
    static func seconds(
        _ name: String,
        _ context: PluginContext,
        allowsZero: Bool = false
    ) throws(TransportError) -> Duration? {
        let value: Double?
        let shown: String
        if let text = context.url.query[name] {
            (value, shown) = (Double(text), text)
        } else {
            switch context.options[name] {
            case nil, .null?: return nil
            case .int(let number)?: value = Double(number)
            case .double(let number)?: value = number
            default: value = nil
            }
            shown = PythonRepr.describe(context.options[name] ?? .null)
        }
        guard let value, value > 0 || (allowsZero && value == 0) else { throw notSeconds(name, shown, allowsZero) }
        return .bounded(seconds: value)
    }

    private static func notSeconds(_ name: String, _ value: String, _ allowsZero: Bool) -> TransportError {
        TransportError(
            .misconfigured,
            "\(name) in the transport options is \(value): it must be a number of seconds"
                + (allowsZero ? ", 0 or more" : " above 0")
        )
    }
}
#endif

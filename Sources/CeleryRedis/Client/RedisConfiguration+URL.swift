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
    /// kind separated by semicolons.
    ///
    /// - Throws: `.misconfigured` that names the URL (masked), what is wrong, and the way out.
    init(_ context: PluginContext, database fallback: Int = 0) throws(TransportError) {
        let urls = [context.url] + context.alternates
        let options = context.options
        location = urls.map(\.description).joined(separator: ";")
        func text(_ name: String) -> String? {
            if let value = context.url.query[name] { return value }
            guard case .string(let value)? = options[name] else { return nil }
            return value
        }
        user = context.url.user ?? text("username")
        password = context.url.password ?? text("password")
        let isSentinel = context.url.scheme == "sentinel"
        var endpoints: [Endpoint] = []
        for url in urls {
            guard (url.scheme == "sentinel") == isSentinel else {
                throw TransportError(.misconfigured, "\(location) mixes sentinels and servers: name one kind only")
            }
            endpoints.append(try Self.endpoint(of: url, default: isSentinel ? 26379 : 6379))
        }
        tls = try RedisTLS.configuration(context)
        if isSentinel {
            guard let master = text("master_name") else {
                throw TransportError(
                    .misconfigured,
                    "\(location) names sentinels but no master: set master_name in the transport options"
                )
            }
            var credentials = CeleryObject()
            if case .object(let object)? = options["sentinel_kwargs"] { credentials = object }
            sentinelTLS = try RedisTLS.sentinels(credentials, servers: tls, location)
            func credential(_ name: String) -> String? {
                guard case .string(let value)? = credentials[name] else { return nil }
                return value
            }
            discovery = .sentinels(
                endpoints,
                master: master,
                user: credential("username"),
                password: credential("password")
            )
        } else {
            discovery = .fixed(endpoints)
        }
        database = try Self.database(of: context.url) ?? fallback
        if let name = text("client_name") { clientName = name.replacing(" ", with: "-") }
        if let seconds = try Self.seconds("socket_timeout", context) { timeout = seconds }
        if let seconds = try Self.seconds("socket_connect_timeout", context) { connectTimeout = seconds }
        if let seconds = try Self.seconds("health_check_interval", context, allowsZero: true) {
            healthCheckInterval = seconds
        }
    }

    private static func endpoint(of url: BrokerURL, default port: Int) throws(TransportError) -> Endpoint {
        switch url.scheme {
        case "redis+socket", "socket", "unix":
            let path = (url.host.map { "/" + $0 } ?? "") + url.path
            guard path.count > 1 else {
                throw TransportError(.misconfigured, "\"\(url)\" names no socket: write redis+socket:///full/path")
            }
            return .socket(path: path)
        default: return .host(url.host ?? "localhost", port: url.port ?? port)
        }
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

    /// A number of seconds in the options, or in the URL's query where they have none.
    static func seconds(
        _ name: String,
        _ context: PluginContext,
        allowsZero: Bool = false
    ) throws(TransportError) -> Duration? {
        let value: Double?
        switch context.options[name] {
        case nil, .null?:
            return try context.url.query[name]
                .map { text throws(TransportError) in
                    guard let number = Double(text), number > 0 || (allowsZero && number == 0) else {
                        throw Self.notSeconds(name, text, allowsZero)
                    }
                    return .bounded(seconds: number)
                }
        case .int(let number)?: value = Double(number)
        case .double(let number)?: value = number
        default: value = nil
        }
        guard let value, value > 0 || (allowsZero && value == 0) else {
            throw notSeconds(name, PythonRepr.describe(context.options[name] ?? .null), allowsZero)
        }
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

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a test's Redis server is like; by default it keeps nothing and lets everybody in.
package struct RedisServerOptions: Sendable {
    /// Whether every change goes to a file, and when that is on the disk.
    package enum AppendOnly: String, Sendable {
        case off = "no"
        case everySecond = "everysec"
        case always
    }

    /// What a server shows to those who connect by TLS, and asks of them.
    package struct TLS: Sendable {
        package var certificate: TestCertificates.Pair
        package var authority: String
        /// `tls-auth-clients`.
        package var asksClients: Bool

        package init(_ certificates: TestCertificates, asksClients: Bool = false) {
            certificate = certificates.server
            authority = certificates.authority
            self.asksClients = asksClients
        }
    }

    package var appendOnly: AppendOnly
    /// A port for TLS beside the other one.
    package var tls: TLS?
    /// `requirepass`.
    package var password: String?
    /// Lines of the access control list: `worker on >secret ~* &* +@all`.
    package var users: [String]
    /// `maxmemory`: `10mb`. Writes fail past it.
    package var maxMemory: String?
    /// Port of the server that it follows.
    package var replicaOf: Int?
    /// Further directives with their values.
    package var directives: [(String, String)]

    package init(
        appendOnly: AppendOnly = .off,
        password: String? = nil,
        users: [String] = [],
        maxMemory: String? = nil,
        replicaOf: Int? = nil,
        tls: TLS? = nil,
        directives: [(String, String)] = []
    ) {
        self.appendOnly = appendOnly
        self.password = password
        self.users = users
        self.maxMemory = maxMemory
        self.replicaOf = replicaOf
        self.tls = tls
        self.directives = directives
    }

    /// The text of redis.conf.
    func configuration(port: Int, tlsPort: Int, folder: String, socket: String) -> String {
        var lines = [
            ("bind", "127.0.0.1"), ("port", "\(port)"), ("unixsocket", socket), ("dir", folder), ("save", "\"\""),
            ("daemonize", "no"), ("appendonly", appendOnly == .off ? "no" : "yes"),
        ]
        if appendOnly != .off { lines.append(("appendfsync", appendOnly.rawValue)) }
        if let password { lines += [("requirepass", password), ("masterauth", password)] }
        if let maxMemory { lines += [("maxmemory", maxMemory), ("maxmemory-policy", "noeviction")] }
        if let replicaOf { lines.append(("replicaof", "127.0.0.1 \(replicaOf)")) }
        if let tls { lines += tls.directives(port: tlsPort) }
        lines += users.map { ("user", $0) } + directives
        return lines.map { "\($0) \($1)\n" }.joined()
    }
}

extension RedisServerOptions.TLS {
    func directives(port: Int) -> [(String, String)] {
        [
            ("tls-port", "\(port)"), ("tls-cert-file", certificate.certificate), ("tls-key-file", certificate.key),
            ("tls-ca-cert-file", authority), ("tls-auth-clients", asksClients ? "yes" : "no"),
        ]
    }
}

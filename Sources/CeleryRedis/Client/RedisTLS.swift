//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import NIOSSL

/// What `rediss://` and `ssl` in the transport options (`broker_use_ssl`, `redis_backend_use_ssl`) ask for.
struct RedisTLS {
    /// redis-py's names, of those that are understood.
    private static let names = [
        "ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname", "ssl_min_version",
    ]

    private let location: String
    /// The options in force, by name.
    private var options: [String: String] = [:]

    /// Nil without TLS, which a unix socket never has.
    ///
    /// From the URL's query, then the options, then the dictionary `ssl` in them. Unlike Python it verifies when nothing is
    /// said.
    /// - Throws: `.misconfigured` for unknown names and values, unreadable files, and options of TLS without TLS.
    static func configuration(_ url: BrokerURL, _ context: PluginContext) throws(TransportError) -> TLSConfiguration? {
        guard !["redis+socket", "socket", "unix"].contains(url.scheme) else { return nil }
        var tls = RedisTLS(location: "\(url)")
        let isAsked = try tls.take(ssl: context.options["ssl"]) || url.scheme == "rediss"
        let general = context.options.members.filter { $0.key.hasPrefix("ssl_") }
        // Of several servers they may be meant for others.
        if isAsked || !([context.url] + context.alternates).contains(where: { $0.scheme == "rediss" }) {
            try tls.take(general)
        }
        try tls.take(url.query.filter { $0.key.hasPrefix("ssl_") }.map { ($0.key, .string($0.value)) })
        if isAsked { return try tls.configuration() }
        guard let name = tls.options.keys.min() else { return nil }
        throw tls.wrong("\(name) is set, but the URL asks for no TLS: write rediss://, or leave it out")
    }

    /// For the sentinels themselves: as for the servers, unless `ssl` in `sentinel_kwargs` says something else.
    static func sentinels(
        _ keywords: CeleryObject,
        servers: TLSConfiguration?,
        _ location: String
    ) throws(TransportError) -> TLSConfiguration? {
        let own = keywords.members.filter { $0.key.hasPrefix("ssl_") }
        guard keywords["ssl"] != nil || !own.isEmpty else { return servers }
        var tls = RedisTLS(location: "sentinel_kwargs of \(location)")
        let isAsked = try tls.take(ssl: keywords["ssl"])
        try tls.take(own)
        guard isAsked else {
            guard own.isEmpty else { throw tls.wrong("\(own[0].key) is set, but ssl is not: set it to true as well") }
            return nil
        }
        if own.isEmpty, let servers { return servers }
        return try tls.configuration()
    }

    private init(location: String) { self.location = location }

    /// Takes `true`, `false` or a dictionary of options; whether it asks for TLS.
    private mutating func take(ssl value: CeleryValue?) throws(TransportError) -> Bool {
        switch value {
        case nil, .null?, .bool(false)?: return false
        case .bool(true)?: return true
        case .object(let object)?:
            try take(object.members.map { ($0.key, $0.value) })
            return true
        case let other?:
            throw wrong(
                "ssl is \(PythonRepr.describe(other)): it must be true, false or an object of \(Self.names.joined(separator: ", "))"
            )
        }
    }

    private mutating func take(_ members: [(key: String, value: CeleryValue)]) throws(TransportError) {
        for (name, value) in members {
            guard Self.names.contains(name) else {
                let hint = Self.names.contains("ssl_" + name) ? "; did you mean ssl_\(name)?" : ""
                throw wrong("there is no option \"\(name)\"\(hint) There are \(Self.names.joined(separator: ", "))")
            }
            switch value {
            case .null: continue
            case .string(let text): options[name] = text
            case .bool(let flag): options[name] = flag ? "true" : "false"
            case .int(let number): options[name] = "\(number)"
            default: throw wrong("\(name) is \(PythonRepr.describe(value)): it must be a text")
            }
        }
    }

    private func wrong(_ what: String, _ cause: (any Error)? = nil) -> TransportError {
        TransportError(.misconfigured, "TLS of \(location): \(what)", cause: cause)
    }

    // MARK: - Building it

    private func configuration() throws(TransportError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = try verification()
        tls.minimumTLSVersion = try minimumVersion()
        if let path = options["ssl_ca_certs"] {
            do {
                _ = try NIOSSLCertificate.fromPEMFile(path)
            } catch {
                throw wrong("ssl_ca_certs: no certificates can be read from \(path): name a PEM file", error)
            }
            tls.trustRoots = .file(path)
        }
        try addOwnCertificate(to: &tls)
        do {
            _ = try NIOSSLContext(configuration: tls)
        } catch {
            throw wrong("its files cannot be used together: is ssl_keyfile the key of ssl_certfile?", error)
        }
        return tls
    }

    /// For a client `optional` is the same as `required`, as Python's ssl has it.
    private func verification() throws(TransportError) -> CertificateVerification {
        let isChecked: Bool
        switch options["ssl_cert_reqs"]?.lowercased() {
        case nil, "required", "cert_required", "optional", "cert_optional", "1", "2": isChecked = true
        case "none", "cert_none", "0": isChecked = false
        case let other?:
            throw wrong(
                "ssl_cert_reqs is \"\(other)\": there are required, optional and none, also as CERT_REQUIRED, …"
            )
        }
        switch options["ssl_check_hostname"]?.lowercased() {
        case nil, "true", "1", "yes": return isChecked ? .fullVerification : .none
        case "false", "0", "no": return isChecked ? .noHostnameVerification : .none
        case let other?: throw wrong("ssl_check_hostname is \"\(other)\": there are true and false")
        }
    }

    /// 1.2, as with Python's ssl; its names and numbers.
    private func minimumVersion() throws(TransportError) -> TLSVersion {
        switch options["ssl_min_version"]?.lowercased().replacing("_", with: ".") {
        case nil, "tlsv1.2", "tlsversion.tlsv1.2", "1.2", "771": return .tlsv12
        case "tlsv1.3", "tlsversion.tlsv1.3", "1.3", "772": return .tlsv13
        case let other?: throw wrong("ssl_min_version is \"\(other)\": there are TLSv1_2 and TLSv1_3")
        }
    }

    private func addOwnCertificate(to tls: inout TLSConfiguration) throws(TransportError) {
        guard let path = options["ssl_certfile"] else {
            guard let key = options["ssl_keyfile"] else { return }
            throw wrong("ssl_keyfile is \(key), but there is no ssl_certfile: name the certificate too")
        }
        let key = options["ssl_keyfile"] ?? path
        do {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(path).map { .certificate($0) }
        } catch {
            throw wrong("ssl_certfile: no certificate can be read from \(path): name a PEM file", error)
        }
        do {
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        } catch {
            throw wrong("ssl_keyfile: no key can be read from \(key): name a PEM file without a pass phrase", error)
        }
    }
}
#endif

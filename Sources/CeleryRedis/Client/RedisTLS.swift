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

/// What `rediss://` and `ssl` in the transport options ask for.
enum RedisTLS {
    /// Reads redis-py's names: `ssl_cert_reqs` (`required`, `optional`, `none`, also as `CERT_…`), `ssl_ca_certs`, `ssl_certfile`,
    /// `ssl_keyfile`, `ssl_check_hostname`; from the URL's query, then the options, then the dictionary `ssl` in them.
    ///
    /// Unlike Python it verifies when nothing is said.
    /// - Throws: `.misconfigured` for unknown values and unreadable files.
    static func configuration(_ context: PluginContext) throws(TransportError) -> TLSConfiguration {
        var nested = CeleryObject()
        if case .object(let object)? = context.options["ssl"] { nested = object }
        func text(_ name: String) -> String? {
            if let value = context.url.query[name] { return value }
            for object in [context.options, nested] {
                switch object[name] {
                case .string(let value)?: return value
                case .bool(let value)?: return value ? "true" : "false"
                default: continue
                }
            }
            return nil
        }
        var tls = TLSConfiguration.makeClientConfiguration()
        switch text("ssl_cert_reqs")?.lowercased() {
        case nil, "required", "cert_required": tls.certificateVerification = .fullVerification
        case "none", "cert_none": tls.certificateVerification = .none
        case "optional", "cert_optional": tls.certificateVerification = .noHostnameVerification
        case let other?:
            throw TransportError(.misconfigured, "ssl_cert_reqs is \"\(other)\": there are required, optional and none")
        }
        if text("ssl_check_hostname")?.lowercased() == "false", tls.certificateVerification == .fullVerification {
            tls.certificateVerification = .noHostnameVerification
        }
        if let path = text("ssl_ca_certs") {
            guard (try? NIOSSLCertificate.fromPEMFile(path)) != nil else {
                throw TransportError(.misconfigured, "ssl_ca_certs: no certificates can be read from \(path)")
            }
            tls.trustRoots = .file(path)
        }
        if let path = text("ssl_certfile") {
            do {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(path).map { .certificate($0) }
                let key = text("ssl_keyfile") ?? path
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            } catch {
                throw TransportError(
                    .misconfigured,
                    "ssl_certfile \(path) with ssl_keyfile \(text("ssl_keyfile") ?? path) cannot be used",
                    cause: error
                )
            }
        }
        return tls
    }
}
#endif

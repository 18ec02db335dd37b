//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOSSL

/// What errors of TLS mean, and what to do about them.
enum TLSFailure {
    /// Nil for an error of another kind.
    static func error(_ error: any Error, at location: String) -> TransportError? {
        if let extra = error as? NIOSSLExtraError, extra == .failedToValidateHostname {
            return TransportError(
                .misconfigured,
                "the certificate of Redis at \(location) is for another host: name it as in its certificate, or set "
                    + "ssl_check_hostname to false",
                cause: error
            )
        }
        guard error is NIOSSLError || error is BoringSSLError else { return nil }
        // The library has no other names for them.
        let text = "\(error)"
        guard let (_, advice) = meanings.first(where: { text.contains($0.mark) }) else { return nil }
        return TransportError(.misconfigured, "Redis at \(location) \(advice)", cause: error)
    }

    private static let meanings: [(mark: String, advice: String)] = [
        (
            "CERTIFICATE_VERIFY_FAILED",
            "has a certificate that is not trusted, or has expired: name its authority in ssl_ca_certs, or verify nothing with "
                + "ssl_cert_reqs=none"
        ),
        ("WRONG_VERSION_NUMBER", "does not speak TLS: write redis:// instead of rediss://, or name its TLS port"),
        ("CERTIFICATE_REQUIRED", ownCertificate), ("HANDSHAKE_FAILURE", ownCertificate),
        ("BAD_CERTIFICATE", refusedCertificate), ("UNKNOWN_CA", refusedCertificate),
        ("CERTIFICATE_UNKNOWN", refusedCertificate), ("CERTIFICATE_EXPIRED", refusedCertificate),
    ]
    private static let ownCertificate = "asks for a certificate of ours: set ssl_certfile and ssl_keyfile"
    private static let refusedCertificate = "does not accept the certificate in ssl_certfile"
}
#endif

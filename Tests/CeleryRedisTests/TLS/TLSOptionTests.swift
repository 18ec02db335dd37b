//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import NIOSSL
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// What can be wrong with the options of TLS, without a server.
@Suite struct TLSOptionTests {
    private func configuration(_ url: String, _ options: CeleryObject) throws -> RedisConfiguration {
        try RedisConfiguration(testing: url, options)
    }

    private static let wrong: [(String, CeleryObject, [String])] = [
        ("rediss://h?ssl_cert_reqs=never", [:], ["ssl_cert_reqs is \"never\"", "required, optional and none"]),
        ("rediss://h?ssl_cert_req=none", [:], ["no option \"ssl_cert_req\"", "ssl_cert_reqs"]),
        ("rediss://h", ["ssl": ["keyfile": "/k"]], ["no option \"keyfile\"", "did you mean ssl_keyfile"]),
        ("rediss://h", ["ssl": ["ssl_cert_reqs": [1]]], ["ssl_cert_reqs is [1]", "must be a text"]),
        ("redis://h", ["ssl": "yes"], ["ssl is 'yes'", "true, false or an object"]),
        ("rediss://h?ssl_check_hostname=perhaps", [:], ["ssl_check_hostname is \"perhaps\"", "true and false"]),
        ("rediss://h?ssl_ca_certs=/nowhere.pem", [:], ["ssl_ca_certs", "/nowhere.pem", "PEM"]),
        ("rediss://h?ssl_certfile=/nowhere.pem", [:], ["ssl_certfile", "/nowhere.pem", "PEM"]),
        ("rediss://h?ssl_keyfile=/k", [:], ["ssl_keyfile is /k", "no ssl_certfile"]),
        ("redis://h?ssl_cert_reqs=none", [:], ["ssl_cert_reqs is set", "write rediss://"]),
        ("redis://h", ["ssl_ca_certs": "/c"], ["ssl_ca_certs is set", "write rediss://"]),
        (
            "sentinel://h", ["master_name": "m", "sentinel_kwargs": ["ssl_ca_certs": "/c"]],
            ["sentinel_kwargs", "ssl is not"]
        ),
    ]

    @Test(arguments: wrong)
    func `what is wrong is an error that names it and the way out`(
        _ url: String,
        _ options: CeleryObject,
        _ parts: [String]
    ) throws {
        let error = #expect(throws: TransportError.self) { _ = try configuration(url, options) }
        #expect(error?.code == .misconfigured)
        for part in parts { #expect(error?.message.contains(part) == true, "\(error?.message ?? "") lacks \(part)") }
    }

    @Test func `TLS is asked for by the URL or by ssl, and never of a unix socket`() throws {
        for (url, options, isAsked) in [
            ("redis://h", [:], false), ("redis://h", ["ssl": false], false), ("redis://h", ["ssl": .null], false),
            ("redis://h", ["ssl": true], true), ("redis://h", ["ssl": [:]], true), ("rediss://h", [:], true),
            ("rediss://h", ["ssl": false], true), ("redis+socket:///s", ["ssl": true], false),
        ] as [(String, CeleryObject, Bool)] {
            #expect((try configuration(url, options).access.tls != nil) == isAsked, "\(url) \(options)")
        }
    }

    @Test func `sentinels are asked by TLS as their servers are, unless they are said to differ`() throws {
        for (keywords, servers, sentinels) in [
            ([:], true, true), ([:], false, false), (["ssl": true], false, true), (["ssl": false], true, false),
            (["ssl": true, "ssl_cert_reqs": "none"], true, true),
        ] as [(CeleryObject, Bool, Bool)] {
            let options: CeleryObject = [
                "master_name": "m", "ssl": .bool(servers), "sentinel_kwargs": .object(keywords),
            ]
            let configuration = try configuration("sentinel://h", options)
            #expect((configuration.access.tls != nil) == servers)
            #expect((configuration.sentinelAccess.tls != nil) == sentinels)
        }
    }

    @Test func `key and certificate have to belong together`() async throws {
        let certificates = try await TestCertificates.shared
        let url = "rediss://h?ssl_certfile=\(certificates.client.certificate)&ssl_keyfile=\(certificates.server.key)"
        let error = #expect(throws: TransportError.self) { _ = try configuration(url, [:]) }
        #expect(
            error?.message.contains("is ssl_keyfile the key of ssl_certfile?") == true,
            "\(String(describing: error))"
        )
    }

    @Test func `nothing older than TLS 1_2 is spoken, and no less where that is said`() throws {
        func version(_ url: String, _ options: CeleryObject = [:]) throws -> TLSVersion? {
            try configuration(url, options).access.tls?.minimumTLSVersion
        }
        #expect(try version("rediss://h") == .tlsv12)
        #expect(try version("rediss://h?ssl_min_version=TLSv1_3") == .tlsv13)
        #expect(try version("redis://h", ["ssl": ["ssl_min_version": 771]]) == .tlsv12)
        let error = #expect(throws: TransportError.self) { _ = try version("rediss://h?ssl_min_version=TLSv1") }
        #expect(error?.message.contains("TLSv1_2 and TLSv1_3") == true)
    }
}
#endif

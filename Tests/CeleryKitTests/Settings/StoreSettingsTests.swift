//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Logging
import Synchronization
import Testing

@testable import CeleryKit

/// Settings of broker and result store that reach a plug-in as its options.
@Suite struct StoreSettingsTests {
    @Test func `broker_use_ssl reaches the broker, from a file and from text`() throws {
        let tls: CeleryValue = ["ssl_cert_reqs": "required", "ssl_ca_certs": "/ca.pem"]
        var settings = CelerySettings()
        #expect(settings.brokerOptions.isEmpty)
        #expect(try settings.set("broker_use_ssl", to: tls, origin: .file("c.json")) == nil)
        #expect(settings.brokerOptions == ["ssl": tls])
        let text = #"{"ssl_cert_reqs": "required", "ssl_ca_certs": "/ca.pem"}"#
        settings = CelerySettings()
        #expect(try settings.set("broker_use_ssl", text: text, origin: .environment) == nil)
        #expect(settings.brokerOptions == ["ssl": tls])
        try settings.set("broker_use_ssl", text: "true", origin: .environment)
        #expect(settings.brokerOptions == ["ssl": true])
        try settings.set("broker_use_ssl", text: "false", origin: .environment)
        #expect(settings.brokerOptions.isEmpty)
        settings.brokerTransportOptions = ["ssl": false, "sep": ":"]
        settings.brokerUseSSL = true
        #expect(settings.brokerOptions == ["ssl": false, "sep": ":"])
    }

    @Test func `redis settings reach the result store where its options say nothing else`() throws {
        var settings = CelerySettings()
        #expect(settings.backendOptions.isEmpty)
        let values: CeleryObject = [
            "redis_backend_use_ssl": ["ssl_cert_reqs": "none"], "redis_backend_health_check_interval": 7,
            "redis_client_name": "reader", "redis_username": "u", "redis_password": "p", "redis_socket_timeout": 2.5,
            "redis_socket_connect_timeout": 3,
        ]
        #expect(try settings.set(values, origin: .file("c.json")).isEmpty)
        #expect(
            settings.backendOptions == [
                "ssl": ["ssl_cert_reqs": "none"], "health_check_interval": 7, "client_name": "reader", "username": "u",
                "password": "p", "socket_timeout": 2.5, "socket_connect_timeout": 3,
            ]
        )
        settings.resultBackendTransportOptions = ["client_name": "other"]
        #expect(settings.backendOptions["client_name"] == "other")
        #expect(settings.brokerOptions.isEmpty)
    }

    @Test func `a health check that is turned off reaches the store as 0`() throws {
        var settings = CelerySettings()
        #expect(try settings.set("redis_backend_health_check_interval", to: 0, origin: .file("c.json")) == nil)
        let value = try #require(settings.backendOptions["health_check_interval"])
        #expect(Duration(settingValue: value) == .zero)
    }

    @Test(arguments: [
        ("redis_max_connections", CeleryValue.int(5)), ("redis_retry_on_timeout", true),
        ("redis_socket_keepalive", true),
        ("redis_host", "h"), ("redis_port", 1), ("redis_db", 1), ("redis_backend_credential_provider", "a.B"),
    ])
    func `what has no effect says so`(_ name: String, _ value: CeleryValue) throws {
        var settings = CelerySettings()
        let warning = try #require(try settings.set(name, to: value, origin: .file("c.json")))
        #expect(warning.description.hasPrefix("setting \(name) in c.json has no effect: "), "\(warning)")
        #expect(settings.backendOptions.isEmpty)
    }

    @Test(arguments: [
        ("broker_use_ssl", CeleryValue.string("yes"), "true, false or an object"),
        ("redis_backend_use_ssl", 1, "true, false or an object"), ("redis_socket_timeout", 0, "above 0"),
        ("redis_socket_connect_timeout", "soon", "above 0"), ("redis_backend_health_check_interval", -1, "0 or more"),
        ("redis_client_name", "two words", "without spaces"), ("result_serializer", "pickle", "never pickle"),
        ("result_serializer", "application/x-python-serialize", "never pickle"),
        ("result_compression", "", "zlib"),
    ])
    func `a wrong value names the setting and what it has to be`(_ name: String, _ value: CeleryValue, _ part: String) {
        var settings = CelerySettings()
        let error = #expect(throws: SettingsError.self) { try settings.set(name, to: value, origin: .file("c.json")) }
        #expect(error?.message.contains("setting \(name) in c.json is ") == true)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    /// What was said in the log.
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.message)") } }
    }

    private func open(_ lines: Lines = Lines(), _ change: (inout CelerySettings) -> Void) async throws {
        var registry = PluginRegistry()
        registry.registerMemory()
        var settings = CelerySettings()
        (settings.brokerURL, settings.resultBackend) = ("memory://", "memory://")
        change(&settings)
        let logger = Logger(label: "test") { _ in Handler(lines: lines) }
        let app = CeleryApp("app", registry: registry, settings: settings, logger: logger)
        _ = try await app.resultBackend()
        await app.shutdown()
    }

    @Test(arguments: [("pickle", nil, "pickle"), ("toml", nil, "known are json"), ("json", "zip", "known are zlib")])
    func `a result format that is not there is an error before the first result`(
        _ serializer: String,
        _ compression: String?,
        _ part: String
    ) async throws {
        let error = await #expect(throws: TransportError.self) {
            try await open { ($0.resultSerializer, $0.resultCompression) = (serializer, compression) }
        }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("result_serializer \(serializer)") == true)
        #expect("\(String(describing: error))".contains(part), "\(String(describing: error))")
    }

    @Test func `who stores what it does not read itself is told so`() async throws {
        let lines = Lines()
        try await open(lines) { $0.resultSerializer = "msgpack" }
        #expect(lines.all.withLock { $0 }.contains { $0.contains("name result_serializer in result_accept_content") })
        let quiet = Lines()
        try await open(quiet) { ($0.resultSerializer, $0.resultAcceptContent) = ("msgpack", ["msgpack"]) }
        #expect(quiet.all.withLock { $0 }.isEmpty)
    }
}

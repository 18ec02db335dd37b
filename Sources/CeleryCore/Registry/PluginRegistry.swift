//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire
public import Logging

/// What a plug-in gets to build a transport or result backend from.
public struct PluginContext: Sendable {
    public var url: BrokerURL
    /// Further URLs of the same store, to be tried when the first does not answer (`broker_url = "a;b"`).
    public var alternates: [BrokerURL]
    public var codec: WireCodec
    public var logger: Logger
    public var time: any TimeSource
    /// `broker_transport_options` or `result_backend_transport_options`.
    public var options: CeleryObject
    /// How long dead letters are kept, and how many at most.
    public var deadLetterRetention: Duration
    public var deadLetterLimit: Int

    public init(
        url: BrokerURL,
        alternates: [BrokerURL] = [],
        codec: WireCodec,
        logger: Logger,
        time: any TimeSource = SystemTime(),
        options: CeleryObject = [:],
        deadLetterRetention: Duration = .seconds(7 * 86400),
        deadLetterLimit: Int = 10000
    ) {
        self.url = url
        self.alternates = alternates
        self.codec = codec
        self.logger = logger
        self.time = time
        self.options = options
        self.deadLetterRetention = deadLetterRetention
        self.deadLetterLimit = deadLetterLimit
    }
}

/// Which plug-in serves which URL scheme.
public struct PluginRegistry: Sendable {
    /// Connects to a broker.
    public typealias TransportFactory = @Sendable (PluginContext) async throws(TransportError) -> any Transport
    /// Connects to a result store.
    public typealias BackendFactory = @Sendable (PluginContext) async throws(TransportError) -> any ResultBackend

    private var transports: [String: TransportFactory] = [:]
    private var backends: [String: BackendFactory] = [:]
    /// Why a scheme is not served.
    private var absences: [String: String] = [:]
    /// Serializers and compressions beyond the built-in ones.
    public var serializers: [any BodySerializer] = []
    public var compressions: [any BodyCompression] = []
    /// What is used when neither settings nor environment name a broker.
    public var defaultBroker: String?

    public init() {}

    /// Schemes with a transport, sorted.
    public var transportSchemes: [String] { transports.keys.sorted() }
    /// Schemes with a result backend, sorted.
    public var backendSchemes: [String] { backends.keys.sorted() }

    public mutating func register(transport schemes: String..., factory: @escaping TransportFactory) {
        for scheme in schemes { transports[scheme] = factory }
    }

    public mutating func register(backend schemes: String..., factory: @escaping BackendFactory) {
        for scheme in schemes { backends[scheme] = factory }
    }

    /// Says why a scheme is not served, to whoever names it.
    public mutating func explainAbsence(of scheme: String, _ reason: String) { absences[scheme] = reason }

    /// The reasons given for schemes that are not served, for an error; empty when there are none.
    package var absenceHint: String { Set(absences.values).sorted().map { "; \($0)" }.joined() }

    public func transport(_ context: PluginContext) async throws(TransportError) -> any Transport {
        guard let factory = transports[context.url.scheme] else {
            throw unknown(context.url, "broker", transportSchemes)
        }
        return try await factory(context)
    }

    public func backend(_ context: PluginContext) async throws(TransportError) -> any ResultBackend {
        guard let factory = backends[context.url.scheme] else {
            throw unknown(context.url, "result backend", backendSchemes)
        }
        return try await factory(context)
    }

    private func unknown(_ url: BrokerURL, _ what: String, _ known: [String]) -> TransportError {
        TransportError(
            .misconfigured,
            "no \(what) is registered for \"\(url.scheme)://\" (in \(url)); there are: \(known.joined(separator: ", "))"
                + (absences[url.scheme].map { "; \($0)" } ?? "")
        )
    }
}

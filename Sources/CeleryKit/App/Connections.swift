//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
import CeleryWire
import Logging
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The app's transport and result backend, opened at first use, once, however many ask at the same time.
final class Connections: Sendable {
    private struct State {
        var transport: Task<any Transport, any Error>?
        var backend: Task<any ResultBackend, any Error>?
        /// Exchanges whose queues the broker was told of.
        var declared: Set<String> = []
        /// See ``CeleryApp/pollsChords``.
        var pollsChords = false
    }

    private let state = Mutex(State())

    func adopt(transport: any Transport, backend: any ResultBackend) {
        state.withLock {
            $0.transport = Task { transport }
            $0.backend = Task { backend }
            $0.pollsChords = backend.pollsChords
        }
    }

    var pollsChords: Bool { state.withLock { $0.pollsChords } }

    private func opened(_ backend: any ResultBackend) { state.withLock { $0.pollsChords = backend.pollsChords } }

    /// An opening that failed is forgotten, so that the next call tries again.
    func transport(_ open: @escaping @Sendable () async throws -> any Transport) async throws -> any Transport {
        // The task is awaited here; it is unstructured because several callers share it.
        let task = state.withLock { state in
            if let task = state.transport { return task }
            let task = Task(operation: open)
            state.transport = task
            return task
        }
        do {
            return try await task.value
        } catch {
            state.withLock { if $0.transport == task { $0.transport = nil } }
            throw error
        }
    }

    /// Tells the broker of an exchange's queues, unless that was done since it was opened.
    func declare(
        _ exchange: String,
        _ queues: [Queue],
        on transport: any Transport,
        timeout: Duration
    ) async throws(TransportError) {
        guard !state.withLock({ $0.declared.contains(exchange) }) else { return }
        do throws(TransportError) {
            try await transport.declare(Topology(queues, isConsumed: false), timeout: timeout)
        } catch  where error.code == .unsupported {
            // A pool's child: its worker has.
        }
        state.withLock { _ = $0.declared.insert(exchange) }
    }

    func backend(_ open: @escaping @Sendable () async throws -> any ResultBackend) async throws -> any ResultBackend {
        // As above.
        let task = state.withLock { state in
            if let task = state.backend { return task }
            let task = Task<any ResultBackend, any Error> { [self] in
                let backend = try await open()
                opened(backend)
                return backend
            }
            state.backend = task
            return task
        }
        do {
            return try await task.value
        } catch {
            state.withLock { if $0.backend == task { $0.backend = nil } }
            throw error
        }
    }

    /// Closes what is open; the next use opens anew.
    func close() async {
        let (transport, backend) = state.withLock { state in
            defer { state = State() }
            return (state.transport, state.backend)
        }
        if let transport = try? await transport?.value { await transport.shutdown() }
        if let backend = try? await backend?.value { await backend.shutdown() }
    }
}

extension CeleryApp {
    /// The broker. Its URL: environment `CELERY_BROKER_URL`, else the settings, else the embedded broker.
    ///
    /// - Throws: `TransportError`: `.misconfigured` for a URL that nothing serves, `.unavailable` when it is away.
    public func transport() async throws -> any Transport {
        try await connections.transport { [self] in
            let urls = try brokerURLs()
            return try await registry.transport(context(for: urls, options: settings.brokerOptions))
        }
    }

    /// The result backend. Its URL: environment `CELERY_RESULT_BACKEND`, else the settings, else the broker's own
    /// when it can store results.
    public func resultBackend() async throws -> any ResultBackend {
        try await connections.backend { [self] in
            guard let urls = try backendURLs() else { return DisabledResultBackend() }
            try checkResultCodec()
            return try await registry.backend(context(for: urls, options: settings.backendOptions))
        }
    }

    /// Whether nobody counts the parts of chords, so that `celery.chord_unlock` has to look for their results again and again. Known
    /// once the result backend has been opened; before that no.
    package var pollsChords: Bool { connections.pollsChords }

    /// Makes the exchange exist, with those of the app's queues that are bound to it.
    func declare(
        _ exchange: String,
        on transport: any Transport,
        timeout: Duration
    ) async throws(TransportError) {
        let queues = settings.taskQueues.filter { queue in
            queue.exchange.name == exchange || queue.bindings.contains { $0.exchange == exchange }
        }
        guard !queues.isEmpty else { return }
        try await connections.declare(exchange, queues, on: transport, timeout: timeout)
    }

    /// Closes the connections that are open.
    public func shutdown() async { await connections.close() }

    /// The broker's URL in force; the first, when there are several.
    package func brokerURL() throws(TransportError) -> BrokerURL { try brokerURLs()[0] }

    /// The broker's URLs in force, in order of preference; at least one. In text they are separated by semicolons.
    private func brokerURLs() throws(TransportError) -> [BrokerURL] {
        let named = Self.environment("CELERY_BROKER_URL") ?? settings.brokerURL ?? registry.defaultBroker
        guard let named else {
            let known = registry.transportSchemes.map { "\($0)://…" }.joined(separator: ", ")
            throw TransportError(
                .misconfigured,
                "no broker is named: set broker_url or CELERY_BROKER_URL; there are: \(known)\(registry.absenceHint)"
            )
        }
        return try BrokerURL.list(named)
    }

    /// The result backend's URL in force; nil when there is none.
    package func backendURL() throws(TransportError) -> BrokerURL? { try backendURLs()?[0] }

    private func backendURLs() throws(TransportError) -> [BrokerURL]? {
        if let named = Self.environment("CELERY_RESULT_BACKEND") ?? settings.resultBackend {
            return named == "disabled" ? nil : try BrokerURL.list(named)
        }
        let broker = try brokerURL()
        return ["sqlite", "memory"].contains(broker.scheme) ? [broker] : nil
    }

    private func context(for urls: [BrokerURL], options: CeleryObject) -> PluginContext {
        PluginContext(
            url: urls[0],
            alternates: Array(urls.dropFirst()),
            codec: resultCodec,
            logger: logger,
            options: options,
            deadLetterRetention: settings.deadLetterRetention,
            deadLetterLimit: settings.deadLetterLimit
        )
    }

    /// Results may be accepted in other serializers than tasks.
    private var resultCodec: WireCodec {
        var codec = codec
        codec.acceptContent = settings.resultAcceptContent ?? settings.acceptContent
        codec.resultSerializer = settings.resultSerializer
        codec.resultCompression = settings.resultCompression
        return codec
    }

    /// Finds out before the first result what would go wrong with each.
    private func checkResultCodec() throws(TransportError) {
        let codec = resultCodec
        if let problem = codec.resultProblem {
            throw TransportError(
                .misconfigured,
                "results cannot be stored with result_serializer \(settings.resultSerializer)"
                    + (settings.resultCompression.map { " and result_compression \($0)" } ?? ""),
                cause: problem
            )
        }
        guard !codec.readsOwnResults else { return }
        logger.warning(
            "this program stores results that it does not accept: name result_serializer in result_accept_content",
            metadata: ["result_serializer": "\(settings.resultSerializer)", "accepted": "\(codec.acceptContent)"]
        )
    }

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension ResultBackend {
    /// It keeps results and counts no chords. A pool's child knows only by the location that its parent keeps none.
    fileprivate var pollsChords: Bool { chords == nil && location != DisabledResultBackend().location }
}

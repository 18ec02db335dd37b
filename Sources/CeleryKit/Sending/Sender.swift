//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
package import CeleryWire
import Instrumentation
import ServiceContextModule
import Tracing

/// Builds task messages and publishes them.
package struct Sender: Sendable {
    let app: CeleryApp

    /// Sends one task and returns the handle of its result.
    func send<Output: Codable & Sendable>(
        task: String,
        body: TaskBody,
        taskOptions: TaskOptions,
        options: SendOptions
    ) async throws -> AsyncResult<Output> {
        let configuration = app.configuration
        if configuration.settings.taskAlwaysEager, app.registeredTask(task) != nil {
            return try await runEagerly(task, body, taskOptions, options)
        }
        let outgoing = try build(task: task, body: body, taskOptions: taskOptions, options: options)
        let id = outgoing.message.headers.id
        let context = TaskContext.current
        do {
            if InstrumentationSystem.instrument is NoOpInstrument {
                try await publish([outgoing], options: options)
            } else {
                try await publishTraced(outgoing, options: options)
            }
        } catch let error as TransportError {
            throw SendingErrors.broker(error, task: task)
        }
        app.middleware.afterPublish(outgoing.message)
        if options.addToParent { context?.addChild(id) }
        let ignored = outgoing.message.headers.ignoreResult ?? false
        return AsyncResult(id: id, app: app, taskName: task, isIgnored: ignored)
    }

    private func publishTraced(_ outgoing: OutgoingMessage, options: SendOptions) async throws {
        try await withSpan("publish", ofKind: .producer) { span in
            var traced = outgoing
            span.attributes["celery.task.name"] = traced.message.headers.task
            span.attributes["celery.task.id"] = traced.message.headers.id
            InstrumentationSystem.instrument.inject(
                span.context,
                into: &traced.message.headers.custom,
                using: HeaderInjector()
            )
            try await publish([traced], options: options)
        }
    }

    /// Builds the message without sending it.
    package func build(
        task: String,
        body: TaskBody,
        taskOptions: TaskOptions,
        options: SendOptions
    ) throws -> OutgoingMessage {
        let configuration = app.configuration
        let id = options.taskID ?? TaskID.random()
        let context = TaskContext.current
        let now = Timestamp.now
        let route = try destination(task: task, body: body, taskOptions: taskOptions, options: options)
        let eta = options.countdown.map { now.advanced(by: $0) } ?? options.eta
        // A time of the caller's comes before a span that the task or its route has.
        let span = options.expires == nil && options.expiresAt != nil ? nil : route.options.expires
        let expires = span.map { now.advanced(by: $0) } ?? options.expiresAt
        let limits = TimeLimits(
            hard: route.options.timeLimit?.inSeconds,
            soft: route.options.softTimeLimit?.inSeconds
        )
        if let hard = limits.hard, let soft = limits.soft, soft > hard {
            throw CeleryError(
                .misconfigured,
                "\(task): the soft time limit (\(soft) s) is longer than the hard one (\(hard) s)",
                taskName: task
            )
        }
        var headers = TaskHeaders(task: task, id: id)
        headers.shadow = options.shadow
        headers.eta = eta?.iso8601
        headers.expires = expires?.iso8601
        headers.group = options.groupID
        headers.groupIndex = options.groupIndex
        headers.retries = options.retries
        headers.timeLimit = limits
        headers.rootID = options.rootID ?? context?.rootID ?? id
        headers.parentID = options.parentID ?? context?.id
        let levels = configuration.settings.taskReprMaxLevels
        headers.argsRepr = options.argsRepr ?? PythonRepr.arguments(body.arguments, maxLevels: levels)
        headers.kwargsRepr = options.kwargsRepr ?? PythonRepr.keywords(body.keywords, maxLevels: levels)
        headers.origin = options.origin ?? configuration.origin
        headers.ignoreResult = route.options.ignoreResult ?? configuration.settings.taskIgnoreResult
        headers.replacedTaskNesting = options.replacedTaskNesting
        if !options.stamps.isEmpty {
            headers.stamps = options.stamps
            headers.stampedHeaders = options.stamps.keys
        }
        headers.custom = options.headers
        var properties = MessageProperties(correlationID: id, replyTo: options.replyTo ?? configuration.replyTo)
        properties.exchange = route.exchange
        properties.routingKey = route.routingKey
        properties.priority =
            route.priority ?? (configuration.settings.taskInheritParentPriority ? context?.priority : nil)
            ?? configuration.settings.taskDefaultPriority ?? 0
        properties.deliveryMode = route.deliveryMode
        properties.custom = options.properties
        if let expires {
            properties.expiration = String(max(0, Int64(expires.since(now).inSeconds * 1000)))
        }
        var message = Message(headers: headers, properties: properties, body: [])
        try SendingErrors.encoding(task) {
            try app.codec.encode(
                body,
                into: &message,
                serializer: route.options.serializer ?? configuration.settings.taskSerializer,
                compression: route.options.compression ?? configuration.settings.taskCompression
            )
        }
        app.middleware.beforePublish(&message)
        return OutgoingMessage(message, notBefore: eta.flatMap { $0 > now ? $0 : nil })
    }
}

extension Sender {
    /// What the sending says, then the task, then the routes, then the defaults.
    private func destination(
        task: String,
        body: TaskBody,
        taskOptions: TaskOptions,
        options: SendOptions
    ) throws -> RoutedDestination {
        let explicit = TaskRoute(
            queue: options.queue ?? taskOptions.queue,
            exchange: options.exchange ?? taskOptions.exchange,
            routingKey: options.routingKey ?? taskOptions.routingKey,
            priority: options.priority ?? taskOptions.priority,
            serializer: options.serializer ?? taskOptions.serializer,
            compression: options.compression ?? taskOptions.compression,
            deliveryMode: options.deliveryMode,
            ignoreResult: options.ignoreResult ?? taskOptions.ignoreResult,
            timeLimit: options.timeLimit ?? taskOptions.timeLimit,
            softTimeLimit: options.softTimeLimit ?? taskOptions.softTimeLimit,
            expires: options.expires ?? taskOptions.expires
        )
        do {
            let name = body.nameInside(task) ?? task
            return try app.router.route(name, args: body.arguments, kwargs: body.keywords, options: explicit)
        } catch {
            throw CeleryError(.queueNotFound, error.message, taskName: task, cause: error)
        }
    }
}

/// Writes trace headers (`traceparent`, …) into custom message headers.
struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout CeleryObject) { carrier[key] = .string(value) }
}

/// Reads trace headers from custom message headers.
struct HeaderExtractor: Extractor {
    func extract(key: String, from carrier: CeleryObject) -> String? {
        guard case .string(let text)? = carrier[key] else { return nil }
        return text
    }
}

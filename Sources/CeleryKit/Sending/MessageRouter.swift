//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// Decides where a message goes: the sending's options, then the routes, then the task's options, then the defaults.
struct MessageRouter: Sendable {
    /// Where a message goes.
    struct Destination: Sendable, Equatable {
        var exchange: String
        var routingKey: String
        var priority: Int?
    }

    private let settings: CelerySettings

    init(_ settings: CelerySettings) { self.settings = settings }

    func destination(
        task: String,
        body: TaskBody,
        taskOptions: TaskOptions,
        options: SendOptions
    ) throws -> Destination {
        let queue = options.queue ?? taskOptions.queue
        let exchange = options.exchange ?? taskOptions.exchange
        let routingKey = options.routingKey ?? taskOptions.routingKey
        let priority = options.priority ?? taskOptions.priority
        if let exchange, !exchange.isEmpty {
            return Destination(exchange: exchange, routingKey: routingKey ?? queue ?? task, priority: priority)
        }
        return Destination(
            exchange: "",
            routingKey: queue ?? routingKey ?? settings.taskDefaultQueue,
            priority: priority
        )
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

@testable import CeleryWorker

extension Admission {
    /// What a worker of this app decides now on a delivery of that task.
    static func decide(
        _ app: CeleryApp,
        task: String,
        kind: Delivery.Kind = .task,
        number: UInt64 = 1,
        arguments: String = "[]"
    ) -> Decision {
        let admission = Admission(
            app: app,
            codec: app.codec,
            settings: app.settings,
            hostname: "w1@test",
            canDelay: true
        )
        let message = Message(
            headers: TaskHeaders(task: task, id: "\(number)"),
            properties: MessageProperties(correlationID: "\(number)", routingKey: "celery"),
            body: Array("[\(arguments), {}, {}]".utf8)
        )
        let delivery = Delivery(tag: DeliveryTag(number), queue: "celery", kind: kind, content: .message(message))
        return admission.decide(delivery, isRevoked: false, now: .now)
    }
}

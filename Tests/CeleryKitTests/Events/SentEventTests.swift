//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Testing

@testable import CeleryKit

@Suite("The event of a task that was sent")
struct SentEventTests {
    @Test("It names the queue, whatever exchange leads there; none where only an exchange was named")
    func queue() throws {
        let canvas = PlannedCanvas {
            $0.taskQueues = [
                Queue("images", exchange: Exchange("media", .topic), routingKey: "media.image"), Queue("plain"),
            ]
        }
        func fields(_ options: SendOptions) throws -> CeleryObject {
            let message = try canvas.app.sender
                .build(task: "t", body: TaskBody(), taskOptions: TaskOptions(), options: options).message
            return Events(app: canvas.app).sentFields(message)
        }
        let images = try fields(SendOptions(queue: "images"))
        #expect(images["queue"] == "images" && images["exchange"] == "media" && images["routing_key"] == "media.image")
        #expect(try fields(SendOptions(queue: "plain"))["queue"] == "plain")
        let other = try fields(SendOptions(exchange: "media", routingKey: "media.sound"))
        #expect(other["queue"] == .some(.null) && other["routing_key"] == "media.sound")
    }
}

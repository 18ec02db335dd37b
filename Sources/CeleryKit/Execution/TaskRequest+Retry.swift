//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
package import CeleryWire

extension TaskRequest {
    /// The message that runs the task once more: the same task under the same id, in the queue that it came from.
    package func retried(at eta: Timestamp, now: Timestamp) -> OutgoingMessage {
        var message = message
        message.headers.retries = message.headers.retries.next
        message.headers.eta = eta > now ? eta.iso8601 : nil
        message.headers.parentID = message.headers.parentID ?? message.headers.id
        message.properties.redelivered = false
        message.properties.deliveryTag = nil
        message.properties.exchange = ""
        message.properties.routingKey = queue
        return OutgoingMessage(message, notBefore: eta > now ? eta : nil)
    }
}

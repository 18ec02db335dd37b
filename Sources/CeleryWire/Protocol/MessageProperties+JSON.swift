//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension MessageProperties {
    /// Reads kombu's properties. What is absent gets the default of an absent property.
    init(from reader: inout JSONReader, bodyIsBase64: inout Bool) throws(WireError) {
        self.init(priority: nil)
        if try reader.readNull() { return }
        guard reader.bytes[reader.position] == UInt8(ascii: "{") else {
            throw reader.malformed("properties is not an object")
        }
        var others = CeleryObject.Builder()
        var fallbackPriority: Int?
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) {
            if reader.equals(key, "correlation_id") {
                correlationID = try reader.readStringOrNull("correlation_id")
            } else if reader.equals(key, "reply_to") {
                replyTo = try reader.readStringOrNull("reply_to")
            } else if reader.equals(key, "delivery_mode") {
                deliveryMode = try reader.readIntOrNull("delivery_mode") ?? 2
            } else if reader.equals(key, "delivery_info") {
                try readDeliveryInfo(from: &reader, priority: &fallbackPriority)
            } else if reader.equals(key, "priority") {
                priority = try reader.readIntOrNull("priority")
            } else if reader.equals(key, "body_encoding") {
                bodyIsBase64 = try Self.isBase64(reader.readStringOrNull("body_encoding"))
            } else if reader.equals(key, "delivery_tag") {
                deliveryTag = try reader.readStringOrNull("delivery_tag")
            } else if reader.equals(key, "expiration") {
                expiration = try reader.readStringOrNull("expiration")
            } else {
                let name = reader.string(key)
                others.set(name, try reader.readValue())
            }
        }
        custom = others.object
        if priority == nil { priority = fallbackPriority }
    }

    private static func isBase64(_ name: String?) throws(WireError) -> Bool {
        switch name {
        case nil: return false
        case "base64": return true
        case let name?:
            throw WireError(.unsupported, "body_encoding '\(name.prefix(40))' is not known; base64 and none are")
        }
    }

    private mutating func readDeliveryInfo(
        from reader: inout JSONReader,
        priority: inout Int?
    ) throws(WireError) {
        if try reader.readNull() { return }
        guard reader.bytes[reader.position] == UInt8(ascii: "{") else {
            throw reader.malformed("delivery_info is not an object")
        }
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) {
            if reader.equals(key, "exchange") {
                exchange = try reader.readStringOrNull("exchange") ?? ""
            } else if reader.equals(key, "routing_key") {
                routingKey = try reader.readStringOrNull("routing_key") ?? ""
            } else if reader.equals(key, "redelivered") {
                redelivered = try reader.readBoolOrNull() ?? false
            } else if reader.equals(key, "priority") {
                priority = try reader.readIntOrNull("priority of delivery_info")
            } else {
                try reader.skipValue()
            }
        }
    }

    /// Writes the properties in kombu's order.
    func write(to writer: inout JSONWriter) {
        writer.raw("{\"correlation_id\": ")
        writer.string(correlationID)
        writer.raw(", \"reply_to\": ")
        writer.string(replyTo)
        for (name, value) in custom.members {
            writer.key(name, first: false)
            writer.value(value)
        }
        writer.raw(", \"delivery_mode\": ")
        writer.int(deliveryMode)
        if let expiration {
            writer.raw(", \"expiration\": ")
            writer.string(expiration)
        }
        writer.raw(", \"delivery_info\": {\"exchange\": ")
        writer.string(exchange)
        writer.raw(", \"routing_key\": ")
        writer.string(routingKey)
        if redelivered { writer.raw(", \"redelivered\": true") }
        writer.raw("}")
        if let priority {
            writer.raw(", \"priority\": ")
            writer.int(priority)
        }
        writer.raw(", \"body_encoding\": \"base64\", \"delivery_tag\": ")
        writer.string(deliveryTag)
        writer.raw("}")
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension MessageProperties {
    /// The keys in the order in which kombu writes them.
    private static let names: [StaticString] = [
        "correlation_id", "reply_to", "delivery_mode", "expiration", "delivery_info", "priority", "body_encoding",
        "delivery_tag",
    ]

    /// Reads kombu's properties into empty ones.
    ///
    /// - Parameter id: The task's id and where it stands, nil when it was not read yet: it is the correlation id too.
    mutating func read(
        from reader: inout JSONReader,
        bodyIsBase64: inout Bool,
        id: (text: JSONText, value: String)?
    ) throws(WireError) {
        if try reader.readNull() { return }
        guard reader.bytes[reader.position] == UInt8(ascii: "{") else {
            throw reader.malformed("properties is not an object")
        }
        var others: CeleryObject.Builder?
        var fallbackPriority: Int?
        var expected = 0
        try reader.openObject()
        var first = true
        if reader.skip("\"correlation_id\": ") {
            first = false
            correlationID = try reader.readStringOrNull("correlation_id", repeating: id?.text, id?.value ?? "")
            try readInOrder(from: &reader, bodyIsBase64: &bodyIsBase64, &fallbackPriority)
        }
        while let key = try reader.nextKey(&first) {
            switch reader.place(of: key, in: Self.names, expecting: &expected) {
            case 0: correlationID = try reader.readStringOrNull("correlation_id")
            case 1: replyTo = try reader.readStringOrNull("reply_to")
            case 2: deliveryMode = try reader.readIntOrNull("delivery_mode") ?? 2
            case 3: expiration = try reader.readStringOrNull("expiration")
            case 4: try readDeliveryInfo(from: &reader, priority: &fallbackPriority)
            case 5: priority = try reader.readIntOrNull("priority")
            case 6: bodyIsBase64 = try Self.isBase64(reader.readStringOrNull("body_encoding"))
            case 7: deliveryTag = try reader.readStringOrNull("delivery_tag")
            default:
                let name = reader.string(key)
                var builder = others ?? CeleryObject.Builder()
                others = nil
                builder.set(name, try reader.readValue())
                others = builder
            }
        }
        if let others { custom = others.object }
        if priority == nil { priority = fallbackPriority }
    }

    /// Reads what comes in kombu's own order and spelling, which is all of most messages. A null leaves what empty
    /// properties have.
    private mutating func readInOrder(
        from reader: inout JSONReader,
        bodyIsBase64: inout Bool,
        _ fallbackPriority: inout Int?
    ) throws(WireError) {
        if reader.comes(", \"reply_to\": ") { replyTo = try reader.readStringOrNull("reply_to") }
        if reader.comes(", \"delivery_mode\": ") { deliveryMode = try reader.readIntOrNull("delivery_mode") ?? 2 }
        if reader.comes(", \"delivery_info\": ") {
            try readDeliveryInfo(from: &reader, priority: &fallbackPriority)
        }
        if reader.comes(", \"priority\": ") { priority = try reader.readIntOrNull("priority") }
        if reader.skip(", \"body_encoding\": \"base64\"") { bodyIsBase64 = true }
        if reader.comes(", \"delivery_tag\": ") { deliveryTag = try reader.readStringOrNull("delivery_tag") }
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
        if reader.skip("\"exchange\": ") {
            first = false
            exchange = try reader.skip("\"\"") ? "" : reader.readStringOrNull("exchange") ?? ""
            if reader.skip(", \"routing_key\": ") { routingKey = try reader.readStringOrNull("routing_key") ?? "" }
        }
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

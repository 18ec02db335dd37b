//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// What is wrong with the bytes of one message.
enum EnvelopeDiagnosis: Equatable {
    case sound
    /// Python workers fail at it, for want of these; and the message with them.
    case incomplete(missing: [String], completed: [UInt8])
    /// An object, but no task: whoever takes it sets it aside.
    case noTask(String)
    /// No JSON object.
    case noMessage(String)

    /// - Parameter queue: Where it lies, to complete its address.
    init(_ bytes: [UInt8], queue: String, limits: WireLimits) {
        do throws(WireError) {
            guard case .object(var object) = try JSONSerializer().decodeValue(bytes, limits: limits) else {
                self = .noMessage("it is no JSON object")
                return
            }
            let missing = Self.complete(&object, queue: queue)
            do throws(WireError) {
                _ = try Envelope.decode(bytes, limits: limits)
            } catch {
                self = .noTask(error.message)
                return
            }
            self =
                missing.isEmpty
                ? .sound : .incomplete(missing: missing, completed: try JSONSerializer().encode(.object(object)))
        } catch {
            // Too large or too deep is JSON all the same.
            self = error.code == .limitExceeded ? .noTask(error.message) : .noMessage(error.message)
        }
    }

    /// Adds what kombu reads without asking whether it is there, and tells what that was.
    private static func complete(_ object: inout CeleryObject, queue: String) -> [String] {
        var missing: [String] = []
        var properties = CeleryObject()
        if case .object(let found)? = object["properties"] { properties = found } else { missing.append("properties") }
        if case .string? = properties["delivery_tag"] {
        } else {
            properties["delivery_tag"] = .string(TaskID.random())
            missing.append("delivery_tag")
        }
        var address = CeleryObject()
        if case .object(let found)? = properties["delivery_info"] { address = found }
        let isAddressed = address["exchange"] != nil && address["routing_key"] != nil
        if !isAddressed {
            address["exchange"] = address["exchange"] ?? ""
            address["routing_key"] = address["routing_key"] ?? .string(queue)
            properties["delivery_info"] = .object(address)
            missing.append("delivery_info")
        }
        object["properties"] = .object(properties)
        return missing
    }
}
#endif

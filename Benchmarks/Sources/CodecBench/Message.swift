//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation

/// The message that is measured: 943 bytes with every header, a base64 body and two integers as arguments.
enum Sample {
    static let body = #"[[2, 3], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#

    static var envelope: [UInt8] {
        let id = "401685b7-bc1c-4abc-8ebc-7dc0f2f446f9"
        let text =
            #"{"body": "\#(Data(body.utf8).base64EncodedString())", "content-encoding": "utf-8", "#
            + #""content-type": "application/json", "headers": {"lang": "py", "task": "wireapp.add", "id": "\#(id)", "#
            + #""shadow": null, "eta": null, "expires": null, "group": null, "group_index": null, "retries": 0, "#
            + #""timelimit": [null, null], "root_id": "\#(id)", "parent_id": null, "argsrepr": "(2, 3)", "#
            + #""kwargsrepr": "{}", "origin": "gen16820@wirehost", "ignore_result": false, "#
            + #""replaced_task_nesting": 0, "stamped_headers": null, "stamps": {}}, "properties": "#
            + #"{"correlation_id": "\#(id)", "reply_to": "4126f461-5aba-3b4a-8f35-9d6c4163e825", "delivery_mode": 2, "#
            + #""delivery_info": {"exchange": "", "routing_key": "celery"}, "priority": 0, "#
            + #""body_encoding": "base64", "delivery_tag": "8dac6c78-2234-48dc-8c1d-090df2d78917"}}"#
        return Array(text.utf8)
    }

    /// A typical struct as argument.
    struct Order: Codable {
        var id: Int
        var customer: String
        var total: Double
        var express: Bool
        var items: [String]

        static let one = Order(id: 42, customer: "Ada Lovelace", total: 19.99, express: true, items: ["a", "b", "c"])
    }
}

/// The same shapes for Foundation's coders.
enum Plain {
    struct Envelope: Codable {
        var body: String
        var encoding: String
        var type: String
        var headers: Headers
        var properties: Properties

        enum CodingKeys: String, CodingKey {
            case body, headers, properties
            case encoding = "content-encoding"
            case type = "content-type"
        }
    }

    struct Headers: Codable {
        var lang, task, id: String
        var shadow, eta, expires, group: String?
        var group_index: Int?
        var retries: Int
        var timelimit: [Double?]
        var root_id, parent_id, argsrepr, kwargsrepr, origin: String?
        var ignore_result: Bool?
        var replaced_task_nesting: Int
        var stamped_headers: [String]?
        var stamps: [String: String]
    }

    struct Properties: Codable {
        var correlation_id, reply_to: String?
        var delivery_mode: Int
        var delivery_info: Info
        var priority: Int?
        var body_encoding, delivery_tag: String

        struct Info: Codable { var exchange, routing_key: String }
    }

    struct Body: Codable {
        var arguments: [Int]
        var keywords: [String: Int]
        var embed: [String: String?]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            arguments = try container.decode([Int].self)
            keywords = try container.decode([String: Int].self)
            embed = try container.decode([String: String?].self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(arguments)
            try container.encode(keywords)
            try container.encode(embed)
        }
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Testing

@testable import CeleryWire

@Suite("Encoding and decoding of Swift types")
struct EncodedValueTests {
    struct Order: Codable, Equatable {
        var id: Int
        var name: String
        var price: Double
        var tags: [String]
        var note: String?
        var nested: [String: Line]
        struct Line: Codable, Equatable {
            var count: UInt8
            var flags: [Bool]
        }
    }

    struct Everything: Codable, Equatable {
        var date: Date
        var uuid: UUID
        var decimal: Decimal
        var text: Data
        var binary: Data
        var url: URL
        var value: CeleryValue
    }

    enum Shape: Codable, Equatable {
        case circle(radius: Double)
        case point
    }

    final class Base: Codable {}

    private func json(_ value: some Encodable) throws -> String { text(try EncodedValue(encoding: value).json()) }

    private func decode<T: Decodable>(_ text: String, as type: T.Type) throws -> T {
        try EncodedValue(json: Array(text.utf8)).decode(as: type)
    }

    @Test("structs, enums, dictionaries and optionals come back")
    func roundTrip() throws {
        let order = Order(
            id: 1,
            name: "é",
            price: 2.5,
            tags: ["a", ""],
            note: nil,
            nested: ["x": Order.Line(count: 255, flags: [true, false])]
        )
        let text = try json(order)
        #expect(
            text
                == #"{"id": 1, "name": "\u00e9", "price": 2.5, "tags": ["a", ""], "nested": {"x": {"count": 255, "flags": [true, false]}}}"#
        )
        #expect(try decode(text, as: Order.self) == order)
        #expect(try decode(json([Shape.circle(radius: 1), .point]), as: [Shape].self) == [.circle(radius: 1), .point])
        #expect(try decode(json([1: "a"]), as: [Int: String].self) == [1: "a"])
        #expect(try decode("[1, null]", as: [Int?].self) == [1, nil])
        #expect(try json([Int?.some(1), nil]) == "[1, null]")
        #expect(try json(Int?.none) == "null")
        #expect(try decode("null", as: Int?.self) == nil)
        #expect(try json(Base()) == "{}")
        #expect(try json([Float(0.1)]) == "[0.1]")
        #expect(try json(UInt64.max) == "18446744073709551615")
        #expect(try decode("18446744073709551615", as: UInt64.self) == .max)
        #expect(try decode("-170141183460469231731687303715884105728", as: Int128.self) == .min)
    }

    @Test("Foundation's types go as tagged values and come back")
    func tagged() throws {
        let everything = Everything(
            date: Date(timeIntervalSince1970: 1_893_553_445.6789),
            uuid: try #require(UUID(uuidString: "7B6DD2AB-05EC-4B1C-9C4B-0A9D7B4F1C11")),
            decimal: try #require(Decimal(string: "-123456789.10")),
            text: Data("hi".utf8),
            binary: Data([0xFF, 0]),
            url: try #require(URL(string: "https://example.org/a?b")),
            value: ["t": .time("03:04:05")]
        )
        let written = try json(everything)
        #expect(written.contains(#"{"__type__": "datetime", "__value__": "2030-01-02T03:04:05.678900+00:00"}"#))
        #expect(written.contains(#"{"__type__": "uuid", "__value__": {"hex": "7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"}}"#))
        #expect(written.contains(#"{"__type__": "decimal", "__value__": "-123456789.1"}"#))
        #expect(written.contains(#"{"__type__": "bytes", "__value__": "hi"}"#))
        #expect(written.contains(#"{"__type__": "base64", "__value__": "/wA="}"#))
        #expect(written.contains(#""url": "https://example.org/a?b""#))
        let back = try decode(written, as: Everything.self)
        #expect(abs(back.date.timeIntervalSince(everything.date)) < 1e-6)
        #expect(back.uuid == everything.uuid)
        #expect(back.decimal == everything.decimal)
        #expect(back.value == everything.value)
        #expect(back.text == everything.text && back.binary == everything.binary && back.url == everything.url)
    }

    @Test("dates are read from datetimes with and without offset, dates and numbers")
    func dates() throws {
        let expected = Date(timeIntervalSince1970: 1_893_553_445)
        for text in [
            #"{"__type__": "datetime", "__value__": "2030-01-02T03:04:05"}"#,
            #"{"__type__": "datetime", "__value__": "2030-01-02T08:34:05+05:30"}"#, "1893553445", "1893553445.0",
            #""2030-01-02T03:04:05Z""#,
        ] { #expect(try decode(text, as: Date.self) == expected) }
    }

    @Test("integers are never rounded")
    func integers() throws {
        #expect(try decode("3.0", as: Int.self) == 3)
        #expect(try decode("9223372036854775808", as: Double.self) == 9223372036854775808.0)
        for bad in ["9223372036854775808", "1e30", "3.5", "true", "\"3\"", "null"] {
            let error = #expect(throws: WireError.self) { try decode(bad, as: Int.self) }
            #expect(error?.code == .typeMismatch)
        }
        #expect(throws: WireError.self) { try decode("256", as: UInt8.self) }
        #expect(throws: WireError.self) { try decode("-1", as: UInt64.self) }
        #expect(try decode("36893488147419103232", as: CeleryValue.self) == .bigInteger("36893488147419103232"))
        #expect(throws: WireError.self) {
            try decode(
                "{\"__type__\": \"decimal\", \"__value__\": \"\(String(repeating: "7", count: 39))\"}",
                as: Decimal.self
            )
        }
    }

    @Test("a mismatch names what was expected, what was found and where")
    func mismatch() throws {
        let text = #"[{"id": 1, "name": "n", "price": 1, "tags": ["a", 2], "nested": {}}]"#
        let error = #expect(throws: WireError.self) { try decode(text, as: [Order].self) }
        #expect(error?.code == .typeMismatch)
        #expect(error?.message.contains("expected a string, found the number 2 at [0].tags[1]") == true)
        let missing = #expect(throws: WireError.self) { try decode("{}", as: Order.self) }
        #expect(missing?.code == .missingValue)
        #expect(missing?.message.contains("'id'") == true)
        let top = #expect(throws: WireError.self) { try decode("{}", as: [Int].self) }
        #expect(top?.message.contains("expected an array, found an object") == true)
    }

    @Test("the last of two equal keys counts, escaped or not, few or many")
    func duplicates() throws {
        #expect(try decode(#"{"a": 1, "\u0061": 2}"#, as: [String: Int].self) == ["a": 2])
        let many = "{" + (0..<40).map { "\"k\($0 % 20)\": \($0)" }.joined(separator: ", ") + "}"
        #expect(try decode(many, as: [String: Int].self)["k3"] == 23)
    }

    @Test("keys that look alike, need escapes or are empty are told apart")
    func keys() throws {
        struct Keys: Decodable, Equatable {
            var abc, axc: Int
            var quoted, line, backslash, empty: Int?
            var no: Int?

            enum CodingKeys: String, CodingKey {
                case abc, axc, no
                case quoted = "a\"c"
                case line = "l\nn"
                case backslash = "l\\nn"
                case empty = ""
            }
        }
        let text = #"{"axc": 1, "abc": 2, "a\"c": 3, "l\nn": 4, "l\\nn": 5, "": 6, "no": null}"#
        let keys = try decode(text, as: Keys.self)
        #expect(keys == Keys(abc: 2, axc: 1, quoted: 3, line: 4, backslash: 5, empty: 6, no: nil))
        #expect(try decode(#"{"\u0061bc": 2, "axc": 1}"#, as: Keys.self) == Keys(abc: 2, axc: 1))
        #expect(throws: WireError.self) { try decode(#"{"abd": 2, "axc": 1}"#, as: Keys.self) }
    }

    @Test("arrays of scalars come back, and name the element that is wrong")
    func arrays() throws {
        #expect(try decode("[ 1, 2.0 ,-3]", as: [Int].self) == [1, 2, -3])
        #expect(try decode("[1, 2.5, Infinity]", as: [Double].self) == [1, 2.5, .infinity])
        #expect(try decode(#"["a", "\u00e9\n", ""]"#, as: [String].self) == ["a", "é\n", ""])
        #expect(try decode("[[], [1], []]", as: [[Int]].self) == [[], [1], []])
        #expect(try decode("[1, 1, 2]", as: Set<Int>.self) == [1, 2])
        #expect(try decode("[1, null]", as: [Int?].self) == [1, nil])
        for (text, found) in [("[1, 2.5]", "the number 2.5 at [1]"), ("[null]", "null at [0]"), ("{}", "an object")] {
            let error = #expect(throws: WireError.self) { try decode(text, as: [Int].self) }
            #expect(error?.message.contains("found " + found) == true)
        }
    }

    @Test("optional members of every kind are nil when null or absent, and wrong when of another type")
    func optionals() throws {
        struct Maybe: Codable, Equatable {
            var int: Int?
            var text: String?
            var double: Double?
            var bool: Bool?
            var small: Int8?
            var list: [UInt64?]?
        }
        let full = Maybe(int: 1, text: "t", double: 2.5, bool: true, small: -3, list: [4, nil, .max])
        #expect(try EncodedValue(encoding: full).decode(as: Maybe.self) == full)
        #expect(try decode("{}", as: Maybe.self) == Maybe())
        let nulls = #"{"int": null, "text": null, "double": null, "bool": null, "small": null, "list": null}"#
        #expect(try decode(nulls, as: Maybe.self) == Maybe())
        for key in ["int", "text", "double", "bool", "small", "list"] {
            let error = #expect(throws: WireError.self) { try decode(#"{"\#(key)": {}}"#, as: Maybe.self) }
            #expect(error?.code == .typeMismatch)
            #expect(error?.message.contains("found an object at \(key)") == true)
        }
    }

    @Test("nested containers and super encoders find their places")
    func nestedContainers() throws {
        struct Odd: Codable, Equatable {
            var values: [Int]
            enum Key: String, CodingKey { case first, list, last }

            init(_ values: [Int]) { self.values = values }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Key.self)
                var list = try container.nestedUnkeyedContainer(forKey: .list)
                values = []
                while !list.isAtEnd { values.append(try list.decode(Int.self)) }
            }

            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                var list = container.nestedUnkeyedContainer(forKey: .list)
                try container.encode(1, forKey: .first)
                for value in values { try list.encode(value) }
                var inner = list.nestedContainer(keyedBy: Key.self)
                try inner.encode("x", forKey: .last)
                try "s".encode(to: container.superEncoder())
                try container.encode(2, forKey: .last)
            }
        }
        #expect(try json([Odd([7, 8])]) == #"[{"list": [7, 8, {"last": "x"}], "first": 1, "super": "s", "last": 2}]"#)
        #expect(try decode(#"{"list": [7, 8]}"#, as: Odd.self) == Odd([7, 8]))
    }

    @Test("two containers for one value are an error, not a trap")
    func misuse() {
        struct Two: Encodable {
            func encode(to encoder: any Encoder) throws {
                _ = encoder.unkeyedContainer()
                var keyed = encoder.container(keyedBy: PlainCodingKey.self)
                try keyed.encode(1, forKey: PlainCodingKey(name: "a"))
            }
        }
        let error = #expect(throws: WireError.self) { try EncodedValue(encoding: Two()) }
        #expect(error?.code == .unencodable)
    }

    @Test("values from other serializers decode as typed ones")
    func dynamic() throws {
        let value = EncodedValue(["id": 1, "raw": .bytes([0xFF]), "big": .bigInteger("99999999999999999999")])
        struct Part: Decodable {
            var id: Int
            var raw: Data
            var big: UInt128
        }
        let part = try value.decode(as: Part.self)
        #expect(part.id == 1 && part.raw == Data([0xFF]) && part.big == 99_999_999_999_999_999_999)
        #expect(try value.decode(as: EncodedValue.self) == value)
    }

    @Test("a decoder that outlives its call stays readable")
    func escaping() throws {
        final class Keeper: Decodable {
            let decoder: any Decoder
            init(from decoder: any Decoder) throws { self.decoder = decoder }
        }
        let keeper = try decode("[1, 2, 3]", as: Keeper.self)
        #expect(try [Int](from: keeper.decoder) == [1, 2, 3])
    }

    @Test("lone surrogates survive in raw form")
    func surrogates() throws {
        let value = try EncodedValue(json: Array(#""\ud800""#.utf8))
        #expect(try value.decode(as: String.self) == "\u{FFFD}")
        #expect(text(try value.json()) == #""\ud800""#)
        let body = try TaskBody.decode(json: Array(#"[["\ud800"], {}, null]"#.utf8), limits: .standard)
        #expect(text(try JSONSerializer().encode(body)).hasPrefix(#"[["\ud800"], {}"#))
    }

    @Test("dynamic values survive other coders as far as they can")
    func foreign() throws {
        let value: CeleryValue = ["a": [1, 2.5, true, nil, "x"], "d": .decimal("1.10")]
        let data = try JSONEncoder().encode(value)
        let back = try JSONDecoder().decode(CeleryValue.self, from: data)
        #expect(back == ["a": [1, 2.5, true, nil, "x"], "d": "1.10"])
    }
}

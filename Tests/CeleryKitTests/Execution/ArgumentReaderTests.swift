//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@testable import CeleryKit

@Suite("Arguments of a call")
struct ArgumentReaderTests {
    private func reader(
        _ arguments: [CeleryValue] = [],
        _ keywords: [(String, CeleryValue)] = [],
        parameters: [TaskParameter] = ["x", "y"],
        count: Int = 2
    ) throws -> ArgumentReader {
        try ArgumentReader(
            task: "add",
            parameters: parameters,
            count: count,
            body: TaskBody(
                arguments: arguments.map { EncodedValue($0) },
                keywords: keywords.map { TaskBody.Keyword($0.0, EncodedValue($0.1)) }
            )
        )
    }

    private func message(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ArgumentError)?.message
        }
    }

    @Test("Positional arguments come in order")
    func positional() throws {
        let reader = try reader([1, "two"])
        #expect(try reader.next(Int.self) == 1)
        #expect(try reader.next(String.self) == "two")
        try reader.finish()
    }

    @Test("Keywords fill what positions leave open, as spelled or in snake_case")
    func keywords() throws {
        let reader = try reader([1], [("order_id", 7)], parameters: ["x", "orderID"])
        #expect(try reader.next(Int.self) == 1)
        #expect(try reader.next(Int.self) == 7)
        try reader.finish()
    }

    @Test("A missing argument takes its default, or nil when Optional")
    func defaults() throws {
        let reader = try reader(parameters: [TaskParameter("x", default: 5), "y"])
        #expect(try reader.next(Int.self) == 5)
        #expect(try reader.next(String?.self) == nil)
        try reader.finish()
    }

    @Test("A parameter of any value is required: null is a value")
    func anyValue() throws {
        let reader = try reader()
        let text = message { _ = try reader.next(CeleryValue.self) }
        #expect(text?.hasPrefix("add() missing 1 required positional argument: 'x'") == true)
        #expect(try self.reader([nil]).next(CeleryValue.self) == .null)
    }

    @Test("Too many, too few, unknown and doubled arguments are named as Python names them")
    func wrongArity() {
        #expect(
            message { _ = try reader([1, 2, 3]) } == "add() takes 2 positional arguments but 3 were given"
        )
        #expect(
            message { _ = try reader([], [("y", 1)]).next(Int.self) }
                == "add() missing 1 required positional argument: 'x' (Int)"
        )
        #expect(
            message {
                let reader = try reader([1, 2], [("z", 1)])
                _ = try reader.next(Int.self)
                _ = try reader.next(Int.self)
                try reader.finish()
            } == "add() got an unexpected keyword argument 'z'"
        )
        #expect(
            message { _ = try reader([1, 2], [("x", 1)]).next(Int.self) }
                == "add() got multiple values for argument 'x'"
        )
    }

    @Test("A wrong type names task, parameter, expected and given")
    func wrongType() throws {
        let text = try #require(message { _ = try reader(["two", 2]).next(Int.self) })
        #expect(text == "add() argument 'x' (Int): expected an integer that fits Int, found a string")
    }

    @Test(
        "Names have a snake_case spelling",
        arguments: [("orderID", "order_id"), ("x", "x"), ("HTTPPort", "http_port"), ("aB2c", "a_b2c")]
    )
    func spellings(name: String, snake: String) {
        #expect(TaskParameter.spellings(name).last == snake)
    }
}

//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import NIOCore
import Testing

@testable import CeleryRedis

@Suite struct RESPParserTests {
    private static let cases: [(String, RESPValue)] = [
        ("+OK\r\n", .text("OK")),
        ("-ERR wrong\r\n", .error(RESPError("ERR wrong"))),
        (":-42\r\n", .int(-42)),
        ("$5\r\nhel\r\n\r\n", .text("hel\r\n")),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("_\r\n", .null),
        ("#t\r\n", .int(1)),
        (",3.5\r\n", .text("3.5")),
        ("=7\r\ntxt:abc\r\n", .text("txt:abc")),
        ("!9\r\nERR large\r\n", .text("ERR large")),
        ("*0\r\n", .array([])),
        ("*3\r\n:1\r\n*2\r\n+a\r\n$1\r\nb\r\n_\r\n", .array([.int(1), .array([.text("a"), .text("b")]), .null])),
        ("%1\r\n+k\r\n:1\r\n", .map([.text("k"), .int(1)])),
        ("~1\r\n:1\r\n", .array([.int(1)])),
        (">2\r\n+invalidate\r\n*1\r\n+q\r\n", .push([.text("invalidate"), .array([.text("q")])])),
        ("|1\r\n+ttl\r\n:3\r\n:7\r\n", .int(7)),
        ("*1\r\n|1\r\n+ttl\r\n:3\r\n:7\r\n", .array([.int(7)])),
    ]

    @Test(arguments: cases.map(\.0), [1, 2, 3, 1000])
    func `replies are read, however they arrive`(_ text: String, _ piece: Int) throws {
        let expected = try #require(Self.cases.first { $0.0 == text }).1
        var parser = RESPParser()
        var found: [RESPValue] = []
        var buffer = ByteBuffer()
        let bytes = Array((text + text).utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            buffer.writeBytes(bytes[start..<min(bytes.count, start + piece)])
            while let value = try parser.next(&buffer) { found.append(value) }
        }
        #expect(found == [expected, expected])
        #expect(buffer.readableBytes == 0)
    }

    @Test(arguments: [
        "hello\r\n", "\r\n", ":\r\n", ":1x\r\n", ":99999999999999999999\r\n", "$99999999999\r\n", "*99999999999\r\n",
        String(repeating: "*1\r\n", count: 40), "+" + String(repeating: "x", count: 100_000),
    ])
    func `what is no reply, or over a limit, is an error`(_ text: String) {
        var parser = RESPParser()
        var buffer = ByteBuffer(string: text)
        #expect(throws: RESPParser.Failure.self) {
            while try parser.next(&buffer) != nil {}
        }
    }

    @Test func `any bytes give values or an error, and never a trap`() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("+-:$*%~>|#_,(!=0123456789\r\n\r\n\r\nab".utf8)
        for _ in 0..<200_000 {
            var buffer = ByteBuffer()
            for _ in 0..<Int.random(in: 1...24, using: &random) {
                buffer.writeInteger(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
            var parser = RESPParser()
            do {
                while try parser.next(&buffer) != nil {}
            } catch {
                continue
            }
        }
    }

    @Test func `commands are written as the server reads them`() {
        var commands = RedisCommands()
        commands.add("SET", "kéy", [1, 0, 255] as [UInt8], "PX", 10)
        commands.add("DEL", list: ["a", "b"])
        #expect(commands.count == 2)
        let expected =
            Array("*5\r\n$3\r\nSET\r\n$4\r\nkéy\r\n$3\r\n".utf8) + [1, 0, 255]
            + Array("\r\n$2\r\nPX\r\n$2\r\n10\r\n*3\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nb\r\n".utf8)
        #expect(Array(commands.buffer.readableBytesView) == expected)
    }
}
#endif

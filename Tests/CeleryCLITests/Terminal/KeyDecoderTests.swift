//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryCLI

@Suite("Keys of a terminal")
struct KeyDecoderTests {
    @Test(
        "Bytes become keys",
        arguments: [
            ("j", [.character("j")]), ("jK", [.character("j"), .character("K")]), ("\u{3}", [.interrupt]),
            ("\u{1a}", [.suspend]), ("\u{c}", [.redraw]), ("\r\n", [.enter, .enter]),
            ("\u{7f}\u{8}", [.backspace, .backspace]),
            ("\u{1B}[A\u{1B}[B", [.up, .down]), ("\u{1B}OA\u{1B}OB", [.up, .down]),
            ("\u{1B}[5~\u{1B}[6~", [.pageUp, .pageDown]),
            ("\u{2}\u{6}\u{e}\u{10}", [.pageUp, .pageDown, .down, .up]),
            ("\u{1B}[H\u{1B}[F\u{1B}[1~\u{1B}[4~\u{1B}[7~\u{1B}[8~", [.home, .end, .home, .end, .home, .end]),
            ("\u{1B}[1;5A", [.up]), ("\u{1B}[24~x", [.character("x")]), ("\u{1B}x", [.escape, .character("x")]),
            ("\u{1B}\u{1B}[A", [.escape, .up]), ("é日", [.character("é"), .character("日")]), ("\u{0}\u{1}", []),
            ("\u{1B}[200~a", [.character("a")]), ("\u{1B}OM", [.enter]),
        ] as [(String, [Key])]
    )
    func decode(text: String, keys: [Key]) {
        var decoder = KeyDecoder()
        #expect(decoder.take(text.utf8) == keys)
        #expect(!decoder.isPending)
        // In pieces it is the same.
        var slow = KeyDecoder()
        #expect(text.utf8.flatMap { slow.take([$0]) } == keys)
    }

    @Test("An escape byte alone waits, and is the escape key when nothing follows")
    func escape() {
        var decoder = KeyDecoder()
        #expect(decoder.take([0x1b]) == [] && decoder.isPending)
        #expect(decoder.flush() == [.escape] && !decoder.isPending)
        #expect(decoder.take([0x1b, 0x5b]) == [] && decoder.isPending)
        #expect(decoder.take([0x41]) == [.up])
        #expect(decoder.flush() == [])
        #expect(decoder.take([0xe6, 0x97]) == [] && decoder.isPending)
        #expect(decoder.flush() == [])
    }

    @Test("Bytes that are no text, and sequences without end, are left out")
    func garbage() {
        var decoder = KeyDecoder()
        #expect(decoder.take([0xff, 0xc0, 0x80, 0x6a]).last == .character("j"))
        let long = [0x1b, 0x5b] + [UInt8](repeating: 0x30, count: 100)
        #expect(decoder.take(long) == [] && !decoder.isPending)
    }
}

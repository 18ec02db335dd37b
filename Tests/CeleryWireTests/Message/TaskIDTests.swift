//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@Suite("Task ids")
struct TaskIDTests {
    @Test("are lower-case UUIDs of version 4, all different")
    func form() {
        var seen: Set<String> = []
        for _ in 0..<10_000 {
            let id = TaskID.random()
            let bytes = Array(id.utf8)
            #expect(bytes.count == 36)
            #expect([8, 13, 18, 23].allSatisfy { bytes[$0] == UInt8(ascii: "-") })
            #expect(bytes[14] == UInt8(ascii: "4"))
            #expect("89ab".utf8.contains(bytes[19]))
            #expect(id.allSatisfy { "0123456789abcdef-".contains($0) })
            seen.insert(id)
        }
        #expect(seen.count == 10_000)
    }

    @Test("of version 7 tell the time, to the millisecond, and sort by it; no other text tells one")
    func timed() {
        var last = ""
        for milliseconds in [0, 1, 1_764_181_234_567, 1_764_181_234_568, (1 << 48) - 1] {
            let id = TaskID.timed(Timestamp(microseconds: Int64(milliseconds) * 1000 + 999))
            #expect(id.count == 36 && id.dropFirst(14).first == "7")
            #expect("89ab".contains(id.dropFirst(19).prefix(1)))
            #expect(TaskID.time(in: id) == Timestamp(microseconds: Int64(milliseconds) * 1000))
            #expect(last < id)
            last = id
        }
        #expect(Set((0..<1000).map { _ in TaskID.timed(.now) }).count == 1000)
        #expect(TaskID.time(in: TaskID.timed(Timestamp(microseconds: -1))) == Timestamp(microseconds: 0))
        for text in [
            "", "7", TaskID.random(), String(repeating: "7", count: 36), "0193678g-1b2c-7000-8000-000000000000",
            "01936781-1b2c-4000-8000-000000000000", "01936781-1b2c-7000-8000-0000000000001",
        ] {
            #expect(TaskID.time(in: text) == nil, "\(text)")
        }
    }

    @Test("are different from many tasks at once")
    func concurrent() async {
        let all = await withTaskGroup(of: [String].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2_000).map { _ in TaskID.random() } } }
            return await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(all.count == 16_000)
    }
}

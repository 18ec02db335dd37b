//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery

/// Values that both sides must agree on.
enum InteropValues {
    /// What every serializer carries.
    static let plain: [CeleryValue] = [
        nil, true, false, 0, 1, -1, .int(Int.max), .int(Int.min), 0.1, 1.0, -0.0, 1e22, .double(.leastNonzeroMagnitude),
        1.7976931348623157e308, "", "h\u{e9}llo \u{2603} \u{1F600}", "tab\t nl\n quote\" back\\ del\u{7F} ls\u{2028}",
        [],
        [:], [1, [2, [3, []]]], ["a": [1, ["b": [nil, true, ["c": [:]]]]], "": ""],
    ]

    /// What only JSON carries.
    static let tagged: [CeleryValue] = [
        .bigInteger("9223372036854775808"), .bigInteger("-123456789012345678901234567890"),
        .bigInteger("10000000000000000000000000000000000000000"),
        .double(.infinity), .double(-.infinity), "nul \u{0}",
        .bytes(Array("hello".utf8)), .bytes([0xFF, 0, 0xFE]), .bytes([]),
        .datetime("2030-01-02T03:04:05.678900"), .datetime("2030-01-02T03:04:05+00:00"),
        .datetime("2030-01-02T03:04:05.000006+05:30"), .date("2030-01-02"), .time("03:04:05.000006"),
        .decimal("1.10"), .decimal("1E+5"), .uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"),
        ["when": [.date("2030-01-02"), .decimal("-0.5")], "__type__": "plain", "__value__": 1, "more": 2],
    ]

    /// Names of the compressions that this build has and Python has.
    static var compressions: [String] {
        #if Compression
        ["gzip", "zlib", "bzip2", "lzma", "brotli", "zstd"]
        #else
        ["gzip", "zlib"]
        #endif
    }

    static var serializers: [String] {
        #if YAML
        ["json", "msgpack", "yaml"]
        #else
        ["json", "msgpack"]
        #endif
    }
}

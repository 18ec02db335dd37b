//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryCLI

@Suite struct ArgumentSplitTests {
    @Test(
        arguments: [
            ([], [], nil, []),
            (["worker"], [], "worker", []),
            (["-A", "proj", "worker", "-l", "INFO"], ["-A", "proj"], "worker", ["-l", "INFO"]),
            (["-Aproj", "worker"], ["-Aproj"], "worker", []),
            (["--app=proj", "worker"], ["--app=proj"], "worker", []),
            (["-Cq", "-b", "worker", "call", "x"], ["-Cq", "-b", "worker"], "call", ["x"]),
            (["-CqA", "proj", "worker"], ["-CqA", "proj"], "worker", []),
            (["--help"], ["--help"], nil, []),
            (["--generate-completion-script", "zsh"], ["--generate-completion-script", "zsh"], nil, []),
            (["-A"], ["-A"], nil, []),
            (["call", "x", "--", "-A"], [], "call", ["x", "--", "-A"]),
            (
                ["multi", "start", "w1", "-A", "proj", "-l", "INFO"], ["-A", "proj"], "multi",
                ["start", "w1", "-l", "INFO"]
            ),
            (
                ["-b", "x", "multi", "start", "--app=proj", "-bredis://h", "--", "-A", "y"],
                ["-b", "x", "--app=proj", "-bredis://h"], "multi", ["start", "--", "-A", "y"]
            ),
            (["multi", "show", "--workdir:1=/x", "-A:1", "p"], [], "multi", ["show", "--workdir:1=/x", "-A:1", "p"]),
        ] as [([String], [String], String?, [String])]
    )
    func theCommandParts(arguments: [String], globals: [String], command: String?, rest: [String]) throws {
        let split = try ArgumentSplit(arguments)
        #expect(split.globals == globals)
        #expect(split.command == command)
        #expect(split.rest == rest)
    }
}
